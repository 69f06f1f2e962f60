-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Files at entries of the registers. One belongs to the text that it was attached to; it is added before anything holds that
-- takes two, and whoever added it does not approve it. Nothing is here that no scanner said OK to: of what was refused the log
-- has the fingerprint.

create table attachment (
    id         uuid primary key,
    entry      uuid not null,
    content    integer not null,
    -- What whoever uploaded it calls it: to be shown, never a path.
    name       text not null check (length(name) between 1 and 150 and name !~ '[/\\[:cntrl:]]'),
    media_type text collate "C" not null check (media_type ~ '^[a-z]+/[a-z.-]+$' and length(media_type) <= 100),
    size       integer not null check (size between 1 and 20971520),
    sha256     bytea not null check (octet_length(sha256) = 32),
    body       bytea not null check (octet_length(body) = size),
    -- When the signatures were made by which the scanner found nothing.
    signed_at  timestamptz not null,
    made_by    uuid not null references account,
    made_at    timestamptz not null,
    foreign key (entry, content) references register_version (entry, number),
    unique (entry, content, sha256)
);
-- What is packed already is not packed once more.
alter table attachment alter column body set storage external;

create trigger only_added before insert or update or delete on attachment
    for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on attachment for each statement execute function refuse_other_entries();

set role vaka_ledger;

insert into ledger.concern (event, whose) values ('attachment.added', 'everybody'), ('attachment.refused', 'everybody');

alter table ledger.inbox add constraint attachments_are_added_in_the_office
    check (event not in ('attachment.added', 'attachment.refused') or written_by ~ '_office$');

set role vaka_owner;

-- Adds a file to the text of an entry, as office. Says 'done', or why not.
create function attach_file(
    p_id uuid, p_entry uuid, p_number integer, p_name text, p_type text, p_body bytea, p_signed_at timestamptz, p_most integer,
    p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    newest register_version;
    hash bytea := sha256(p_body);
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    -- The lock that versions are added under: who approves has seen what is there.
    perform pg_advisory_xact_lock(hashtextextended('register entry:' || p_entry, 0));
    select * into newest from register_version v where v.entry = p_entry order by v.number desc limit 1;
    if newest.number is distinct from p_number then
        return 'changed';
    elsif newest.state not in ('draft', 'noted', 'open') then
        return 'holds';
    elsif exists (select from attachment a where a.entry = p_entry and a.content = newest.content and a.sha256 = hash) then
        return 'there';
    elsif p_most <= (select count(*) from attachment a where a.entry = p_entry and a.content = newest.content) then
        return 'full';
    end if;
    perform ledger.append(
        p_at, 'attachment.added', 'account:' || p_by, 'register_entry:' || p_entry, 'success', jsonb_build_object(
            'register', newest.register, 'version', newest.content, 'sha256', encode(hash, 'hex')));
    insert into attachment (id, entry, content, name, media_type, size, sha256, body, signed_at, made_by, made_at)
    values (p_id, p_entry, newest.content, p_name, p_type, octet_length(p_body), hash, p_body, p_signed_at, p_by, p_at);
    return 'done';
end $$;
revoke all on function attach_file from public;

-- Says that a file was refused, as office: its fingerprint and why, and not what it was called.
create function refuse_file(p_entry uuid, p_sha256 bytea, p_reason text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    named text := (select v.register from register_version v where v.entry = p_entry limit 1);
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif named is null then
        return 'gone';
    end if;
    perform ledger.append(
        p_at, 'attachment.refused', 'account:' || p_by, 'register_entry:' || p_entry, 'failure', jsonb_build_object(
            'register', named, 'sha256', encode(p_sha256, 'hex'), 'reason', p_reason));
    return 'done';
end $$;
revoke all on function refuse_file from public;

-- What takes two takes two for the files as well: nobody brings it about for a text that he attached one to.
create function refuse_own_files() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (
        select from attachment a join account author on author.id = a.made_by join account mine on mine.human = author.human
        where a.entry = new.entry and a.content = new.content and mine.id = new.made_by)
    then
        raise exception 'nobody approves a file that he attached himself' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
revoke all on function refuse_own_files from public;
create trigger files_take_two before insert on register_version for each row
    when (new.state in ('in_force', 'accepted', 'closed')) execute function refuse_own_files();

-- The files at what an authority is shown of a register, as portal: those of the text that holds, and no others.
create function list_shown_files(p_authority uuid, p_register text)
    returns table (id uuid, entry uuid, content integer, name text, media_type text, size integer, sha256 bytea,
                   made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, a.entry, a.content, a.name, a.media_type, a.size, a.sha256, a.made_at
    from list_shown_entries(p_authority, p_register) s
    join attachment a on a.entry = s.entry and a.content = s.content
    order by a.made_at, a.id
$$;
revoke all on function list_shown_files from public;

-- One of them with its bytes, and the register it is shown in; none where the bytes are not those that were told of.
create function read_shown_file(p_authority uuid, p_id uuid)
    returns table (register text, name text, media_type text, sha256 bytea, body bytea)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.register, a.name, a.media_type, a.sha256, a.body
    from attachment a
    join register_version v on v.entry = a.entry and v.number = a.content
    join list_shown_entries(p_authority, v.register) s on s.entry = a.entry and s.content = a.content
    where a.id = p_id and a.sha256 = sha256(a.body)
$$;
revoke all on function read_shown_file from public;
