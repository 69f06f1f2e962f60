-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Files that come with what is written in a case, or said in a question (terms 34, 35 and 37). Each is kept with its words, in one
-- transaction; the words name its fingerprint, and so does the entry in the log. Who reads the words gets the file, but for what
-- is marked RED: that is in no file that an authority gets. Nothing is here that no scanner said OK to.

create table message_file (
    id         uuid primary key,
    case_id    uuid,
    inquiry    uuid,
    number     integer not null,
    -- What whoever sent it calls it: to be shown, never a path.
    name       text not null check (length(name) between 1 and 150 and name !~ '[/\\[:cntrl:]]'),
    media_type text collate "C" not null check (media_type ~ '^[a-z]+/[a-z.-]+$' and length(media_type) <= 100),
    size       integer not null check (size between 1 and 20971520),
    sha256     bytea not null check (octet_length(sha256) = 32),
    body       bytea not null check (octet_length(body) = size),
    -- When the signatures were made by which the scanner found nothing.
    signed_at  timestamptz not null,
    check (num_nonnulls(case_id, inquiry) = 1),
    foreign key (case_id, number) references case_entry (case_id, number),
    foreign key (inquiry, number) references inquiry_message (inquiry, number),
    unique (case_id, number),
    unique (inquiry, number)
);
-- What is packed already is not packed once more.
alter table message_file alter column body set storage external;

create trigger only_added before insert or update or delete on message_file
    for each row execute function refuse_other_sayings();
create trigger never_emptied before truncate on message_file for each statement execute function refuse_other_sayings();

-- A file comes with a message or a correction. One that is RED is the supplier's own: it is addressed to no authority, and by none.
alter table case_entry add constraint files_come_with_words check (
    not facts ? 'file' or (
        kind in ('noted', 'corrected') and text <> '' and (tlp <> 'RED' or authority_id is null)
        and coalesce(facts -> 'file' ->> 'name', '') <> '' and coalesce(facts -> 'file' ->> 'sha256', '') ~ '^[0-9a-f]{64}$'));

-- What names a file has one, when the transaction ends.
create function require_case_file() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select from message_file f where f.case_id = new.case_id and f.number = new.number) then
        raise exception 'an entry names a file that does not come with it' using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
revoke all on function require_case_file from public;
create constraint trigger names_its_file after insert on case_entry deferrable initially deferred
    for each row when (new.facts ? 'file') execute function require_case_file();

-- An answer can have the fingerprint of what it points to and no file; so that one comes with it is said for itself.
alter table inquiry_message add column with_file boolean not null default false;
create function require_inquiry_file() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select from message_file f where f.inquiry = new.inquiry and f.number = new.number) then
        raise exception 'what was said names a file that does not come with it' using errcode = 'integrity_constraint_violation';
    end if;
    return null;
end $$;
revoke all on function require_inquiry_file from public;
create constraint trigger names_its_file after insert on inquiry_message deferrable initially deferred
    for each row when (new.with_file) execute function require_inquiry_file();

-- Of what was said with a file: over the digest of what was said (0058) and what is said of the file, as entries of cases have it.
create function inquiry_file_digest(p_said text, p_file jsonb) returns text
    language sql immutable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(jsonb_build_array('vaka inquiry message with a file v1', p_said, p_file)::text, 'UTF8')), 'hex')
$$;
revoke all on function inquiry_file_digest from public;

-- Bytes of files that each authority has in all its rooms and questions, its own and those that it was sent; and the supplier, of
-- what is for no single one. Nothing is taken away, so without an end one authority could fill the disk of all: this is a hundred
-- of the largest files, and even 300 authorities that fill it stay below a terabyte.
create function most_message_bytes() returns bigint
    language sql immutable set search_path = vaka, pg_temp as $$ select 2147483648 $$;
revoke all on function most_message_bytes from public;

set role vaka_ledger;

-- Either side says what it was sent and did not take in; what is fetched stands in the authority's own log.
alter table ledger.inbox add constraint message_files_are_refused_in_their_rooms
    check (event <> 'file.refused' or written_by ~ '_(office|portal)$');

set role vaka_owner;

-- As before (0063); and besides: an entry with a file tells its fingerprint.
create or replace function add_case_entry(
    p_case uuid, p_kind text, p_side text, p_tlp text, p_authority uuid, p_text text, p_facts jsonb, p_by uuid,
    p_at timestamptz
) returns integer
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    made case_entry;
    event text := case p_kind when 'opened' then 'case.opened' when 'escalated' then 'case.escalated'
                  else 'case.written' end;
    actor text := coalesce('account:' || p_by, 'scheduler');
    seen_by uuid[];
begin
    made.case_id := p_case;
    made.number := coalesce((select max(e.number) from case_entry e where e.case_id = p_case), 0) + 1;
    made.kind := p_kind;
    made.side := p_side;
    made.tlp := p_tlp;
    made.authority_id := p_authority;
    made.text := p_text;
    made.facts := p_facts;
    made.made_by := p_by;
    made.made_at := p_at;
    made.digest := case_entry_digest(made);
    insert into case_entry select made.*;
    seen_by := array(select t.authority_id from case_touch t
                     where t.case_id = p_case and is_case_shown(made, t.authority_id));
    if cardinality(seen_by) = 0 then
        seen_by := array[null::uuid];
    end if;
    perform ledger.append(
        p_at, event, actor, 'case:' || p_case, 'success', jsonb_strip_nulls(jsonb_build_object(
            'authority', one, 'entry', coalesce(as_read.place, made.number), 'kind', p_kind, 'tlp', p_tlp,
            'state', p_facts ->> 'step', 'level', p_facts -> 'level', 'digest', encode(made.digest, 'hex'),
            'sha256', p_facts -> 'file' ->> 'sha256')))
    from unnest(seen_by) one
    left join lateral place_case_entries(p_case, one) as_read on one is not null and as_read.number = made.number;
    return made.number;
end $$;

-- As before (0063); and besides: with what is said of a file that comes with it.
drop function answer_case(uuid, uuid, text, text, uuid, timestamptz);
create function answer_case(
    p_case uuid, p_authority uuid, p_tlp text, p_text text, p_file jsonb, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_by, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    perform pg_advisory_xact_lock(hashtextextended('case:' || p_case, 0));
    if not exists (select from case_touch t where t.case_id = p_case and t.authority_id = p_authority) then
        return 'gone';
    elsif (select count(*) from case_entry e
           where e.case_id = p_case and e.authority_id = p_authority and e.side = 'authority') >= 300 then
        return 'many';
    end if;
    perform add_case_entry(p_case, 'noted', 'authority', p_tlp, p_authority, p_text,
                           case when p_file is null then '{}' else jsonb_build_object('file', p_file) end, p_by, p_at);
    return 'done';
end $$;
revoke all on function answer_case from public;

-- As before (0058); and besides: the digest is of what is said of a file that comes with it, and the entry tells the fingerprint of
-- that, or of what an answer points to.
drop function say_in_inquiry(uuid, integer, text, uuid, text, integer, text, text, text, timestamptz, uuid, timestamptz);
create function say_in_inquiry(
    p_inquiry uuid, p_seen integer, p_act text, p_authority uuid, p_kind text, p_term integer, p_words text,
    p_reference text, p_sha256 text, p_file jsonb, p_wanted_by timestamptz, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked inquiry_standing;
    side text := speaking_side(p_by, p_authority, p_at);
    hash text := inquiry_digest(p_inquiry, p_seen + 1, p_act, p_words, p_reference, p_sha256, p_wanted_by, p_by);
begin
    if p_file is not null then
        hash := inquiry_file_digest(hash, p_file);
    end if;
    -- Of two that speak at the same time, the second is told that it is not what he has seen.
    perform pg_advisory_xact_lock(hashtextextended('inquiry:' || p_inquiry, 0));
    select * into asked from inquiry_standing s where s.id = p_inquiry;
    if side is null or side <> (case p_act when 'answered' then 'office' else 'portal' end) then
        return 'stranger';
    elsif p_seen > 0 and asked.authority_id is distinct from p_authority then
        return 'gone';
    elsif coalesce(asked.number, 0) <> p_seen then
        return 'changed';
    elsif asked.act in ('accepted', 'withdrawn') then
        return 'closed';
    elsif p_act in ('returned', 'accepted') and asked.act <> 'answered' then
        return 'unanswered';
    elsif p_seen >= 499 and p_act in ('answered', 'returned') then
        -- The last number is for what settles it.
        return 'many';
    elsif p_wanted_by <= p_at or p_wanted_by > p_at + interval '370 days' then
        return 'deadline';
    end if;
    if p_seen = 0 then
        if not exists (select from authority a where a.id = p_authority and a.kind = 'authority' and a.state = 'active') then
            return 'gone';
        end if;
        -- One authority's questions do not fill the list that all of them share.
        perform pg_advisory_xact_lock(hashtextextended('inquiries:' || p_authority, 0));
        if (select count(*) >= 50 from inquiry_standing s where s.authority_id = p_authority and s.place = 1) then
            return 'crowded';
        end if;
        insert into inquiry (id, authority_id, kind, term) values (p_inquiry, p_authority, p_kind, p_term);
        asked.kind := p_kind;
        asked.term := p_term;
    end if;
    insert into inquiry_message (inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by, made_at,
                                 with_file)
    values (p_inquiry, p_seen + 1, p_act, p_words, p_reference, p_sha256, p_wanted_by, hash, p_by, p_at,
            p_file is not null);
    perform ledger.append(
        p_at, 'inquiry.' || p_act, 'account:' || p_by, 'inquiry:' || p_inquiry, 'success', jsonb_strip_nulls(
            jsonb_build_object('authority', p_authority, 'kind', asked.kind, 'term', asked.term, 'message', p_seen + 1,
                               'digest', hash, 'sha256', nullif(p_sha256, ''), 'wanted_by',
                               to_char(p_wanted_by at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))));
    return 'done';
end $$;
revoke all on function say_in_inquiry from public;

-- Keeps the file that comes with what the same account has just said, as office or portal: the last of a case or a question,
-- which names it as it is. Of each side's, a room of a case or a question has so many; and all of an authority's no more
-- than most_message_bytes. Says 'done', or why not.
create function keep_message_file(
    p_id uuid, p_case uuid, p_inquiry uuid, p_name text, p_type text, p_body bytea, p_signed_at timestamptz, p_most integer,
    p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hash bytea := sha256(p_body);
    entry case_entry;
    message inquiry_message;
    others bigint;
    whose uuid;
    told jsonb := jsonb_build_object(
        'name', p_name, 'media_type', p_type, 'size', octet_length(p_body), 'sha256', encode(hash, 'hex'));
begin
    if p_case is not null then
        select * into entry from case_entry e where e.case_id = p_case order by e.number desc limit 1;
        if entry.made_by is distinct from p_by or entry.made_at <> p_at
           or entry.facts -> 'file' is distinct from told then
            return 'gone';
        end if;
        whose := entry.authority_id;
        others := (select count(*) from message_file f join case_entry e on e.case_id = f.case_id and e.number = f.number
                   where f.case_id = p_case and e.side = entry.side and e.authority_id is not distinct from entry.authority_id);
    else
        select * into message from inquiry_message m where m.inquiry = p_inquiry order by m.number desc limit 1;
        if message.made_by is distinct from p_by or message.made_at <> p_at
           or message.sha256 is distinct from encode(hash, 'hex')
           or message.digest is distinct from inquiry_file_digest(
               inquiry_digest(message.inquiry, message.number, message.act, message.words, message.reference, message.sha256,
                              message.wanted_by, message.made_by), told) then
            return 'gone';
        end if;
        whose := (select i.authority_id from inquiry i where i.id = p_inquiry);
        others := (select count(*) from message_file f join inquiry_message m on m.inquiry = f.inquiry and m.number = f.number
                   where f.inquiry = p_inquiry and (m.act = 'answered') = (message.act = 'answered'));
    end if;
    if others >= p_most then
        return 'full';
    end if;
    -- Of two that come at once, the second sees the first.
    perform pg_advisory_xact_lock(hashtextextended('message files:' || coalesce(whose::text, ''), 0));
    if octet_length(p_body) + (
        select coalesce(sum(f.size), 0) from message_file f
        left join case_entry e on e.case_id = f.case_id and e.number = f.number
        left join inquiry i on i.id = f.inquiry
        where coalesce(e.authority_id, i.authority_id) is not distinct from whose) > most_message_bytes() then
        return 'full';
    end if;
    insert into message_file (id, case_id, inquiry, number, name, media_type, size, sha256, body, signed_at)
    values (p_id, p_case, p_inquiry, coalesce(entry.number, message.number), p_name, p_type, octet_length(p_body), hash, p_body,
            p_signed_at);
    return 'done';
end $$;
revoke all on function keep_message_file from public;

-- Says that a file was refused which an authority sent, as portal, or the supplier, as office: its fingerprint and why, and not
-- what it was called. With a case it is about that; else about the authority whose question it was for, or would have been the first word
-- of, as portal. No other one is told.
create function refuse_message_file(
    p_case uuid, p_inquiry uuid, p_authority uuid, p_sha256 bytea, p_reason text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if session_user = 'vaka_office' and p_case is not null and p_authority is null then
        if not acts_as_administrator(p_by, p_at) then
            return 'stranger';
        end if;
    elsif speaking_side(p_by, p_authority, p_at) is null then
        return 'stranger';
    elsif p_case is null and p_inquiry is null and session_user <> 'vaka_portal' then
        return 'gone';
    elsif p_inquiry is not null and not exists (
        select from inquiry i where i.id = p_inquiry and i.authority_id = p_authority) then
        return 'gone';
    elsif p_case is not null and not exists (
        select from case_touch t where t.case_id = p_case and t.authority_id = p_authority) then
        return 'gone';
    end if;
    perform ledger.append(
        p_at, 'file.refused', 'account:' || p_by, coalesce('case:' || p_case, 'authority:' || p_authority), 'failure',
        jsonb_strip_nulls(jsonb_build_object(
            'authority', p_authority, 'sha256', encode(p_sha256, 'hex'), 'reason', p_reason)));
    return 'done';
end $$;
revoke all on function refuse_message_file from public;

-- A file of a case as an authority gets it, as portal, by the number that the entry has for it; none where it does not see the
-- entry, where that is RED, and where the bytes are not those that were told of. Those are looked at of what it may have alone, so
-- that the time it takes tells nothing of others'.
create function read_case_file(p_case uuid, p_authority uuid, p_place integer)
    returns table (name text, media_type text, sha256 bytea, body bytea)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with seen as materialized (
        select e.number from case_entry e join place_case_entries(p_case, p_authority) p on p.number = e.number
        where e.case_id = p_case and p.place = p_place and e.tlp <> 'RED'
          and exists (select from case_touch t where t.case_id = p_case and t.authority_id = p_authority)
    ), found as materialized (
        select f.* from message_file f join seen s on s.number = f.number where f.case_id = p_case
    )
    select f.name, f.media_type, f.sha256, f.body from found f where f.sha256 = sha256(f.body)
$$;
revoke all on function read_case_file from public;

-- The files in an authority's questions, as portal.
create function list_inquiry_files(p_authority uuid, p_inquiries uuid[])
    returns table (inquiry uuid, number integer, name text, media_type text, size integer, sha256 bytea)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.inquiry, f.number, f.name, f.media_type, f.size, f.sha256
    from message_file f join inquiry i on i.id = f.inquiry
    where i.authority_id = p_authority and f.inquiry = any (p_inquiries)
    order by f.inquiry, f.number
$$;
revoke all on function list_inquiry_files from public;

-- One of them with its bytes; none in another's question.
create function read_inquiry_file(p_authority uuid, p_inquiry uuid, p_number integer)
    returns table (name text, media_type text, sha256 bytea, body bytea)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with found as materialized (
        select f.* from inquiry i join message_file f on f.inquiry = i.id
        where i.id = p_inquiry and i.authority_id = p_authority and f.number = p_number
    )
    select f.name, f.media_type, f.sha256, f.body from found f where f.sha256 = sha256(f.body)
$$;
revoke all on function read_inquiry_file from public;
