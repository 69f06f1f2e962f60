-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The supplier's registers, on which the 37 terms rest: one table for all of them. What a register holds is declared as data
-- beside the code; what nobody gets past is here: versions are added and never changed, an administrator writes them, and
-- nobody puts in force what he wrote himself.

create table register_version (
    entry     uuid not null,
    number    integer not null check (number between 1 and 10000),
    register  text collate "C" not null check (register ~ '^[a-z]+(-[a-z]+)*$' and length(register) <= 40),
    -- in_force, accepted and closed take a second human; noted and open one person may write.
    state     text not null
        check (state in ('draft', 'in_force', 'noted', 'open', 'accepted', 'closed', 'withdrawn')),
    -- What was filled in: names to texts. Staff by their accounts, and nothing of people in care.
    fields    jsonb not null check (jsonb_typeof(fields) = 'object' and octet_length(fields::text) <= 32768),
    -- The authorities that it concerns, where the register asks: none where it names none. Null: it does not ask, and
    -- concerns every authority.
    concerned uuid[] check (cardinality(concerned) <= 400),
    -- The version in which this was written: itself, or an earlier one where only the state is new.
    content   integer not null check (content between 1 and number),
    -- SHA-256 over all of it (register_digest).
    digest    bytea not null check (octet_length(digest) = 32),
    made_by   uuid not null references account,
    made_at   timestamptz not null,
    primary key (entry, number)
);
create index register_version_of on register_version (register, entry, number desc);

-- Who has said of a version in force that he has read and accepts it.
create table register_acknowledgement (
    entry      uuid not null,
    content    integer not null,
    account_id uuid not null references account,
    made_at    timestamptz not null,
    primary key (entry, content, account_id),
    foreign key (entry, content) references register_version (entry, number)
);

-- Which authority sees what of which register. Empty by default: what is not here is shown to no authority.
create table register_showing (
    register     text collate "C" not null check (register ~ '^[a-z]+(-[a-z]+)*$' and length(register) <= 40),
    authority_id uuid not null references authority,
    -- entries: each of those that hold. counts: how many, in which state.
    how          text not null check (how in ('entries', 'counts')),
    since        timestamptz not null,
    primary key (register, authority_id)
);

-- The office writes through functions, which write as their owner; neither the owner nor a superuser can by a statement.
create function refuse_other_entries() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op not in ('INSERT', case tg_table_name when 'register_showing' then 'DELETE' else 'INSERT' end)
       or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_office')
    then
        raise exception 'what stands in a register is added in the office, and never changed'
            using errcode = 'insufficient_privilege';
    end if;
    return coalesce(new, old);
end $$;
create trigger only_added before insert or update or delete on register_version
    for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on register_version for each statement execute function refuse_other_entries();
create trigger only_added before insert or update or delete on register_acknowledgement
    for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on register_acknowledgement
    for each statement execute function refuse_other_entries();
create trigger only_added before insert or update or delete on register_showing
    for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on register_showing for each statement execute function refuse_other_entries();

set role vaka_ledger;

-- That something was written, with its digest and not its words, is every authority's business: what it is shown later it
-- can hold against the log of then. What is shown to whom names the authority itself.
insert into ledger.concern (event, whose) values
    ('register.entered', 'everybody'), ('register.moved', 'everybody'), ('register.acknowledged', 'actor');

alter table ledger.inbox add constraint registers_are_kept_in_the_office
    check (event not in ('register.entered', 'register.moved', 'register.acknowledged', 'register.shown')
           or written_by ~ '_office$');

set role vaka_owner;

-- What holds: of each entry the newest version that is more than a draft, unless it was withdrawn.
create view register_holding as
select v.* from register_version v
join (select r.entry, max(r.number) as number from register_version r where r.state <> 'draft' group by r.entry) newest
    using (entry, number)
where v.state <> 'withdrawn';

create function register_digest(
    p_entry uuid, p_number integer, p_register text, p_state text, p_fields jsonb, p_concerned uuid[], p_by uuid
) returns bytea
    language sql immutable set search_path = vaka, pg_temp as $$
    select sha256(convert_to(concat_ws(chr(10), 'vaka register version 1', p_entry, p_number, p_register, p_state, p_fields,
                                       array_to_string(p_concerned, ','), p_by), 'UTF8'))
$$;
revoke all on function register_digest from public;

-- Adds a version, as office: what was written, or (p_step) that what was written goes from one state to another. Says
-- 'done', or why not.
create function enter_register_version(
    p_entry uuid, p_number integer, p_register text, p_step text, p_state text, p_fields jsonb, p_concerned uuid[],
    p_by uuid, p_step_up text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before register_version;
    written integer := p_number;
    said jsonb := p_fields;
    whose uuid[] := p_concerned;
    hash bytea;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    -- Of two that write at the same time, the second is told that it is not what he has seen.
    perform pg_advisory_xact_lock(hashtextextended('register entry:' || p_entry, 0));
    select * into before from register_version v where v.entry = p_entry order by v.number desc limit 1;
    if coalesce(before.number, 0) <> p_number - 1 then
        return 'changed';
    elsif before.state = 'withdrawn' or before.register <> p_register or (before.entry is null and p_step <> '') then
        return 'gone';
    elsif p_step = '' and p_state not in ('draft', 'noted', 'open') then
        return 'second';
    elsif p_step <> '' then
        written := before.content;
        said := before.fields;
        whose := before.concerned;
        if p_state in ('in_force', 'accepted', 'closed') and exists (
            select from register_version w join account author on author.id = w.made_by
            join account mine on mine.human = author.human
            where w.entry = p_entry and w.number = written and mine.id = p_by)
        then
            return 'own';
        end if;
    end if;
    hash := register_digest(p_entry, p_number, p_register, p_state, said, whose, p_by);
    perform ledger.append(
        p_at, case p_step when '' then 'register.entered' else 'register.moved' end, 'account:' || p_by,
        'register_entry:' || p_entry, 'success', jsonb_strip_nulls(jsonb_build_object(
            'register', p_register, 'version', p_number, 'state', p_state, 'digest', encode(hash, 'hex'),
            'before', case when p_step <> '' then encode(before.digest, 'hex') end, 'step_up', p_step_up)));
    insert into register_version (entry, number, register, state, fields, concerned, content, digest, made_by, made_at)
    values (p_entry, p_number, p_register, p_state, said, whose, written, hash, p_by, p_at);
    return 'done';
end $$;
revoke all on function enter_register_version from public;

-- Says of a version in force that one has read and accepts it, as office. Who was not shown it does not know its digest.
-- One of a version that another has replaced is kept, and does not count. Says 'done', or why not.
create function acknowledge_register_entry(
    p_entry uuid, p_number integer, p_digest bytea, p_by uuid, p_step_up text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    shown register_version;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into shown from register_version v where v.entry = p_entry and v.number = p_number;
    if shown.state is distinct from 'in_force' then
        return 'gone';
    elsif shown.digest <> p_digest then
        return 'unread';
    end if;
    insert into register_acknowledgement (entry, content, account_id, made_at)
    values (p_entry, shown.content, p_by, p_at) on conflict do nothing;
    if found then
        perform ledger.append(
            p_at, 'register.acknowledged', 'account:' || p_by, 'register_entry:' || p_entry, 'success',
            jsonb_strip_nulls(jsonb_build_object('register', shown.register, 'version', p_number,
                                                 'digest', encode(p_digest, 'hex'), 'step_up', p_step_up)));
    end if;
    return 'done';
end $$;
revoke all on function acknowledge_register_entry from public;

-- Shows an authority a register, its counts, or (null) nothing of it any more; as office. Says 'done', or why not.
create function show_register(
    p_register text, p_authority uuid, p_how text, p_by uuid, p_step_up text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif not exists (select from authority a where a.id = p_authority and a.kind = 'authority') then
        return 'gone';
    elsif p_how is not distinct from (
        select s.how from register_showing s where s.register = p_register and s.authority_id = p_authority)
    then
        return 'done';
    end if;
    perform ledger.append(
        p_at, 'register.shown', 'account:' || p_by, 'register:' || p_register, 'success', jsonb_strip_nulls(
            jsonb_build_object('authority', p_authority, 'how', coalesce(p_how, 'nothing'), 'step_up', p_step_up)));
    delete from register_showing s where s.register = p_register and s.authority_id = p_authority;
    if p_how is not null then
        insert into register_showing (register, authority_id, how, since) values (p_register, p_authority, p_how, p_at);
    end if;
    return 'done';
end $$;
revoke all on function show_register from public;

-- What an authority is shown, as portal: which registers, and how many entries that hold and concern it in each state.
create function count_shown_entries(p_authority uuid)
    returns table (register text, how text, state text, entries bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.register, s.how, h.state, count(h.entry)
    from register_showing s
    left join register_holding h
        on h.register = s.register and (h.concerned is null or p_authority = any (h.concerned))
    where s.authority_id = p_authority
    group by s.register, s.how, h.state
    order by s.register, h.state
$$;
revoke all on function count_shown_entries from public;

-- What holds in a register and concerns an authority that is shown its entries. Who wrote it is not among it.
create function list_shown_entries(p_authority uuid, p_register text)
    returns table (entry uuid, number integer, register text, state text, fields jsonb, content integer, digest bytea,
                   made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.entry, h.number, h.register, h.state, h.fields, h.content, h.digest, h.made_at
    from register_showing s
    join register_holding h on h.register = s.register
    where s.authority_id = p_authority and s.register = p_register and s.how = 'entries'
      and (h.concerned is null or p_authority = any (h.concerned))
    order by h.entry
$$;
revoke all on function list_shown_entries from public;
