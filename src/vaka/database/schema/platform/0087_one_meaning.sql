-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Whom an entry of a register concerns, who ends it, and that authorities are told of another contract.

-- ── A shortcoming that names nobody ────────────────────────────────────────────────────────────────────────────────────

-- Term 7, as in 0086. An empty set of authorities names nobody, and nobody is shown such an entry, here as everywhere. Past its day
-- it is not green for that: until it says whom it concerns it is red with everybody, by a reason of its own, since no authority
-- finds among what it is shown the entry that it is told of. With whom an entry names, those alone are counted that do.
create or replace function find_shortcomings(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with said as (
        select v.entry, v.concerned,
               (v.fields ->> case v.state when 'accepted' then 'accepted_until' else 'due' end)::date as day
        from register_version v
        where v.register = 'findings' and v.state in ('open', 'accepted')
          and v.number >= coalesce((select max(s.number) from register_version s
                                    where s.entry = v.entry and s.state in ('accepted', 'closed')), 1)
    ), past as (
        select h.entry, h.state from register_holding h
        where h.register = 'findings' and h.state in ('open', 'accepted')
          and (select min(s.day) from said s where s.entry = h.entry) < p_at::date
    )
    select null::uuid, 'missing', 1::bigint
    where not exists (select from register_holding r where r.register = 'risk-assessments' and r.state = 'in_force')
    union all
    select a.id, case when count(*) filter (where w.named and p.state = 'open') > 0 then 'late'
                      when count(*) filter (where w.named) > 0 then 'lapsed' else 'unnamed' end,
           coalesce(nullif(count(*) filter (where w.named), 0), count(*))
    from past p cross join authority a cross join lateral (
        select bool_or(s.concerned is null or a.id = any (s.concerned)) as named, bool_or(s.concerned = '{}') as unnamed
        from said s where s.entry = p.entry) w
    where w.named or w.unnamed
    group by a.id
$$;

-- ── What two put in force, two end ─────────────────────────────────────────────────────────────────────────────────────

-- In every register, whichever it is: what is in force ends as a draft that one has written and another ends. No other step leads
-- past that, and what is written begins as the entry itself began: the declarations of the registers say the same
-- (``registers/declarations.py``).
drop function not_withdrawn_because;
drop function is_ended_by_two;

-- Why one may not take a step with an entry as it stands, or null. Nobody withdraws an emergency of his own that nobody reviewed.
create function not_ended_because(p_before register_version, p_state text, p_by uuid) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when p_state = 'withdrawn' and exists (
            select from list_unreviewed_emergencies() u where u.entry = p_before.entry and u.human = mine.human) then 'own'
        -- Drafts and notes are written, and only what began open is opened again.
        when p_state in ('draft', 'noted') or (p_state = 'open' and first.state <> 'open') then 'second'
        when not exists (
            select from register_holding h where h.entry = p_before.entry and case h.state
                when 'in_force' then p_state <> 'in_force'
                when 'noted' then false
                else p_state not in ('open', 'accepted', 'closed') end) then null
        when p_before.state <> 'draft' then 'two'
        when author.human = mine.human then 'own'
    end
    from account mine
    join register_version first on first.entry = p_before.entry and first.number = 1
    join register_version said on said.entry = p_before.entry and said.number = p_before.content
    left join account author on author.id = said.made_by
    where mine.id = p_by
$$;
revoke all on function not_ended_because from public;

-- Adds a version, as office: what was written, or (p_step) that what was written goes from one state to another. Says
-- 'done', or why not.
create or replace function enter_register_version(
    p_entry uuid, p_number integer, p_register text, p_step text, p_state text, p_fields jsonb, p_concerned uuid[],
    p_by uuid, p_step_up text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before register_version;
    written integer := p_number;
    said jsonb := p_fields;
    whose uuid[] := p_concerned;
    hindrance text;
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
    elsif p_step = '' and (p_state not in ('draft', 'noted', 'open') or p_state <> (
        select v.state from register_version v where v.entry = p_entry and v.number = 1))
    then
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
        hindrance := not_ended_because(before, p_state, p_by);
        if hindrance is not null then
            return hindrance;
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

-- ── Another contract's text is told of ─────────────────────────────────────────────────────────────────────────────────

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('contract.imported', 'contract');
alter table notice_event enable trigger only_migrated;

-- Every authority's contract is that one: its own log has the entry, with the digest of the file.
set role vaka_ledger;
insert into ledger.concern (event, whose) values ('contract.imported', 'everybody');
set role vaka_owner;

-- Each authority is told; ``noticed_by`` knows accounts, and a contract has none. Whoever takes the same in again enters nothing.
create function write_contract_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'contract', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from authority t where t.kind = 'authority' and t.state = 'active'
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_contract_notices from public;

-- What a reminder, a digest or a notice of another contract says, as notifier; of a contract the digest of its file, and no word.
create or replace function read_said(p_objects text[]) returns table (object text, said jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select 'reminder:' || r.id, r.said from reminder r where 'reminder:' || r.id = any (p_objects)
    union all
    select 'digest:' || d.id, d.said from digest d where 'digest:' || d.id = any (p_objects)
    union all
    select 'contract:' || c.id, jsonb_build_object(
        'sv', 'Filens SHA-256: ' || c.digest, 'en', 'SHA-256 of the file: ' || c.digest, 'page', 'terms', 'office', false,
        'facts', jsonb_build_object('sha256', c.digest))
    from contract_text c where 'contract:' || c.id = any (p_objects)
$$;

reset role;

create trigger contract_told_of after insert on ledger.inbox for each row
    when (new.event = 'contract.imported' and new.outcome = 'success')
    execute function vaka.write_contract_notices();
