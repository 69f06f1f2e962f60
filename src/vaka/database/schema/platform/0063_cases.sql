-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Incidents and vulnerabilities as cases (terms 34 and 35). A case is what was written in it: entries are added and never
-- changed, and everything else (its state, whom it touches, its clocks, who is late) is computed from them.

create table security_case (
    id         uuid primary key,
    -- What people call it.
    number     integer generated always as identity unique,
    kind       text not null check (kind in ('incident', 'vulnerability')),
    severity   text not null check (severity in ('critical', 'high', 'medium', 'low')),
    -- Whether the law on cybersecurity asks for reports of it: within 24 hours, 72 hours and a month.
    regulated  boolean not null,
    -- When the supplier came to know of it: all clocks run from here.
    known_at   timestamptz not null,
    opened_at  timestamptz not null,
    -- What was agreed when it was opened, by its severity.
    acknowledge_minutes integer not null check (acknowledge_minutes between 1 and 1440),
    receipt_minutes     integer not null check (receipt_minutes between 1 and 1440),
    tell_minutes        integer not null check (tell_minutes between 1 and 43200),
    fix_hours           integer not null check (fix_hours between 1 and 8760),
    check (known_at <= opened_at)
);

create table case_entry (
    case_id      uuid not null references security_case,
    -- Of the whole case. An authority reads the numbers that what it sees has for it (place_case_entries). There is room for
    -- what all authorities may answer, so that none takes another's.
    number       integer not null check (number between 1 and 999999),
    kind         text not null
        check (kind in ('opened', 'noted', 'corrected', 'touched', 'moved', 'reported', 'escalated')),
    side         text not null check (side in ('supplier', 'authority', 'product')),
    -- Traffic Light Protocol 2.0 (FIRST): who may see it, and pass it on.
    tlp          text not null check (tlp in ('RED', 'AMBER+STRICT', 'AMBER', 'GREEN', 'CLEAR')),
    -- Whom alone it is between, beside the supplier. Null: the case's own.
    authority_id uuid references authority,
    text         text not null check (length(text) <= 4000),
    -- Of a step: step, cause, impact, report. Of a correction: corrects. Of an escalation: level, place.
    facts        jsonb not null check (jsonb_typeof(facts) = 'object' and octet_length(facts::text) <= 16384),
    made_by      uuid references account,
    made_at      timestamptz not null,
    digest       bytea not null check (octet_length(digest) = 32),
    primary key (case_id, number),
    check ((side = 'product') = (made_by is null)),
    check (side <> 'authority' or authority_id is not null),
    -- Nothing is closed without saying why it happened, what it did, and whether it was reported.
    check (kind <> 'moved' or facts ->> 'step' in ('acknowledged', 'triaged', 'contained', 'fixed', 'closed')),
    check (facts ->> 'step' is distinct from 'closed' or (
        coalesce(facts ->> 'cause', '') <> '' and coalesce(facts ->> 'impact', '') <> ''
        and coalesce(facts ->> 'report', '') in ('reported', 'not_required')))
);

create index case_entry_touched on case_entry (authority_id, case_id) where kind = 'touched';
create unique index case_entry_closed on case_entry (case_id) where kind = 'moved' and facts ->> 'step' = 'closed';

-- Who has seen what, and when. Of an authority: its people; else the supplier's.
create table case_receipt (
    case_id      uuid not null,
    number       integer not null,
    authority_id uuid references authority,
    account_id   uuid not null references account,
    seen_at      timestamptz not null,
    primary key (case_id, number, account_id),
    foreign key (case_id, number) references case_entry (case_id, number)
);

-- Pages and the timer write through functions, which write as their owner; neither the owner nor a superuser can by a
-- statement, and what is written stays as it is: a mistake is corrected by another entry.
create function refuse_other_case_entries() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname in ('g_office', 'g_portal', 'g_scheduler'))
    then
        raise exception 'what stands in a case is added, and never changed: a correction is an entry of its own'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_added before insert or update or delete on security_case
    for each row execute function refuse_other_case_entries();
create trigger never_emptied before truncate on security_case
    for each statement execute function refuse_other_case_entries();
create trigger only_added before insert or update or delete on case_entry
    for each row execute function refuse_other_case_entries();
create trigger never_emptied before truncate on case_entry
    for each statement execute function refuse_other_case_entries();
create trigger only_added before insert or update or delete on case_receipt
    for each row execute function refuse_other_case_entries();
create trigger never_emptied before truncate on case_receipt
    for each statement execute function refuse_other_case_entries();

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('case.written', 'cases'), ('case.escalated', 'cases');
alter table notice_event enable trigger only_migrated;

set role vaka_ledger;
alter table ledger.inbox add constraint cases_are_written_in_their_rooms
    check (event not in ('case.opened', 'case.written', 'case.seen', 'case.escalated')
           or written_by ~ '_(office|portal|scheduler)$');
set role vaka_owner;

-- Whom a case touches, since when they were told.
create view case_touch as
select e.case_id, e.authority_id, min(e.made_at) as told_at
from case_entry e where e.kind = 'touched'
group by e.case_id, e.authority_id;

-- The cases that time still does something to.
create view case_running as
select c.id from security_case c
where not exists (select from case_entry e where e.case_id = c.id and e.kind = 'moved' and e.facts ->> 'step' = 'closed');

-- How far each case has come, and when.
create view case_standing as
select c.*,
       coalesce((select e.facts ->> 'step' from case_entry e where e.case_id = c.id and e.kind = 'moved'
                 order by e.number desc limit 1), 'open') as state,
       (select min(e.made_at) from case_entry e where e.case_id = c.id and e.kind = 'moved') as acknowledged_at,
       (select min(e.made_at) from case_entry e
        where e.case_id = c.id and e.facts ->> 'step' in ('fixed', 'closed')) as fixed_at,
       (select count(*) from case_entry e
        where e.case_id = c.id and e.kind = 'escalated' and e.authority_id is null) as level,
       array(select e.facts ->> 'report' from case_entry e where e.case_id = c.id and e.kind = 'reported') as reports
from security_case c;

-- Whether an authority that is touched sees an entry: what is between it and the supplier, and of the case's own what
-- clients may see. RED and AMBER+STRICT stay with whom they are addressed to.
create function is_case_shown(p_entry case_entry, p_authority uuid) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_entry.authority_id is not distinct from p_authority
        or (p_entry.authority_id is null and p_entry.tlp in ('AMBER', 'GREEN', 'CLEAR'))
$$;
revoke all on function is_case_shown from public;

-- Which numbers the entries that an authority sees have for it: 1, 2, 3, so that no gap tells how much is said to others.
create function place_case_entries(p_case uuid, p_authority uuid) returns table (number integer, place integer)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.number, (row_number() over (order by e.number))::integer
    from case_entry e where e.case_id = p_case and is_case_shown(e, p_authority)
$$;
revoke all on function place_case_entries from public;

create function case_entry_digest(p_entry case_entry) returns bytea
    language sql stable set search_path = vaka, pg_temp as $$
    -- A list, so that no word can stand for the end of one and the beginning of the next.
    select sha256(convert_to(jsonb_build_array('vaka case entry v1', p_entry.case_id, p_entry.number, p_entry.kind,
        p_entry.side, p_entry.tlp, p_entry.authority_id, p_entry.text, p_entry.facts, p_entry.made_by,
        to_char(p_entry.made_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))::text, 'UTF8'))
$$;
revoke all on function case_entry_digest from public;

-- Adds one entry and tells the log: once for each authority that sees it, so that it stands among what concerns that
-- one (and is told of to it); where none sees it, once.
create function add_case_entry(
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
            'state', p_facts ->> 'step', 'level', p_facts -> 'level', 'digest', encode(made.digest, 'hex'))))
    from unnest(seen_by) one
    left join lateral place_case_entries(p_case, one) as_read on one is not null and as_read.number = made.number;
    return made.number;
end $$;
revoke all on function add_case_entry from public;

-- Opens a case, as office, and tells whom it touches. Says 'done', or why not.
create function open_case(
    p_id uuid, p_kind text, p_severity text, p_regulated boolean, p_known_at timestamptz, p_tlp text, p_text text,
    p_title text, p_touches uuid[], p_minutes integer[], p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one uuid;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif p_known_at > p_at then
        return 'future';
    elsif exists (select from unnest(p_touches) t
                  where not exists (select from authority a where a.id = t and a.kind = 'authority')) then
        return 'gone';
    end if;
    insert into security_case (id, kind, severity, regulated, known_at, opened_at, acknowledge_minutes, receipt_minutes,
                               tell_minutes, fix_hours)
    values (p_id, p_kind, p_severity, p_regulated, p_known_at, p_at, p_minutes[1], p_minutes[2], p_minutes[3],
            p_minutes[4]);
    perform add_case_entry(p_id, 'opened', 'supplier', p_tlp, null, p_text, jsonb_build_object('title', p_title), p_by,
                           p_at);
    foreach one in array p_touches loop
        perform add_case_entry(p_id, 'touched', 'supplier', 'AMBER', one, '', '{}', p_by, p_at);
    end loop;
    return 'done';
end $$;
revoke all on function open_case from public;

-- Writes in a case, as office: a message, a correction, a step, a report, or one more authority that it touches.
create function write_case(
    p_case uuid, p_kind text, p_tlp text, p_authority uuid, p_text text, p_facts jsonb, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    steps text[] := array['open', 'acknowledged', 'triaged', 'contained', 'fixed', 'closed'];
    markings text[] := array['RED', 'AMBER+STRICT', 'AMBER', 'GREEN', 'CLEAR'];  -- the narrowest first
    known case_standing;
    before case_entry;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('case:' || p_case, 0));
    select * into known from case_standing c where c.id = p_case;
    if known.id is null or p_kind not in ('noted', 'corrected', 'touched', 'moved', 'reported') then
        return 'gone';
    elsif p_kind = 'touched' then
        if not exists (select from authority a where a.id = p_authority and a.kind = 'authority')
           or exists (select from case_touch t where t.case_id = p_case and t.authority_id = p_authority) then
            return 'gone';
        end if;
    elsif p_authority is not null and not exists (
        select from case_touch t where t.case_id = p_case and t.authority_id = p_authority)
    then
        return 'untouched';
    elsif p_kind = 'moved' and (
        array_position(steps, p_facts ->> 'step') <= array_position(steps, known.state)
        or (p_facts ->> 'step' = 'closed' and known.state in ('open', 'acknowledged')))
    then
        return 'order';
    elsif p_facts ->> 'step' = 'closed' and (
        coalesce(p_facts ->> 'cause', '') = '' or coalesce(p_facts ->> 'impact', '') = ''
        or coalesce(p_facts ->> 'report', '') not in ('reported', 'not_required'))
    then
        return 'unfinished';
    elsif p_kind = 'reported' and (not known.regulated or p_facts ->> 'report' = any (known.reports)
                                   or coalesce(p_facts ->> 'report', '') not in ('24h', '72h', 'month')) then
        return 'gone';
    elsif p_kind = 'corrected' then
        select * into before from case_entry e where e.case_id = p_case and e.number = (p_facts ->> 'corrects')::integer;
        -- What corrects it reaches who saw it, and nobody else.
        if before.side is distinct from 'supplier' then
            return 'gone';
        elsif p_authority is distinct from before.authority_id then
            return 'addressee';
        elsif array_position(markings, p_tlp) > array_position(markings, before.tlp) then
            return 'wider';
        end if;
    end if;
    perform add_case_entry(p_case, p_kind, 'supplier', p_tlp, p_authority, p_text, p_facts, p_by, p_at);
    return 'done';
end $$;
revoke all on function write_case from public;

-- Answers in a case room, as portal: between the authority and the supplier alone; also when the case is closed, as the
-- supplier writes then. One authority's answers have an end, so that they do not fill the case. Says 'done', or why not.
create function answer_case(p_case uuid, p_authority uuid, p_tlp text, p_text text, p_by uuid, p_at timestamptz)
    returns text
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
    perform add_case_entry(p_case, 'noted', 'authority', p_tlp, p_authority, p_text, '{}', p_by, p_at);
    return 'done';
end $$;
revoke all on function answer_case from public;

-- Says that somebody has seen a case up to an entry, by the number that it has for him: of an authority as portal, of the
-- supplier as office (null).
create function see_case(p_case uuid, p_number integer, p_authority uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := case when p_authority is not null then undecided_because(p_by, 'contract_officer', p_authority, p_at)
                           when session_user <> 'vaka_office' or not acts_as_administrator(p_by, p_at) then 'stranger' end;
begin
    if hindrance is not null then
        return hindrance;
    elsif p_authority is not null and not exists (
        select from case_touch t where t.case_id = p_case and t.authority_id = p_authority)
    then
        return 'gone';
    end if;
    insert into case_receipt (case_id, number, authority_id, account_id, seen_at)
    select e.case_id, e.number, p_authority, p_by, p_at from case_entry e
    where e.case_id = p_case and case
        when p_authority is null then e.number <= p_number
        else e.number in (select p.number from place_case_entries(p_case, p_authority) p where p.place <= p_number) end
    on conflict do nothing;
    if found then
        perform ledger.append(p_at, 'case.seen', 'account:' || p_by, 'case:' || p_case, 'success', jsonb_strip_nulls(
            jsonb_build_object('authority', p_authority, 'entry', p_number)));
    end if;
    return 'done';
end $$;
revoke all on function see_case from public;

-- What an authority that is touched sees of its cases, as portal, or of one; of an untouched one, nothing.
create function list_cases_of(p_authority uuid, p_case uuid) returns setof case_standing
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.* from case_standing s join case_touch t on t.case_id = s.id
    where t.authority_id = p_authority and (p_case is null or t.case_id = p_case)
    order by s.number desc
$$;
revoke all on function list_cases_of from public;

-- What its cases are called, where it sees what they were opened with (always the first entry).
create function list_case_titles(p_authority uuid) returns table (case_id uuid, title text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.case_id, e.facts ->> 'title'
    from case_touch t join case_entry e on e.case_id = t.case_id and e.number = 1
    where t.authority_id = p_authority and is_case_shown(e, p_authority)
$$;
revoke all on function list_case_titles from public;

-- What it sees of one, by the numbers that the entries have for it.
create function list_case_entries(p_case uuid, p_authority uuid) returns setof case_entry
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with placed as materialized (select p.number, p.place from place_case_entries(p_case, p_authority) p)
    select e.case_id, p.place, e.kind, e.side, e.tlp, e.authority_id, e.text,
           case when e.kind = 'corrected' then e.facts || jsonb_build_object('corrects', (
               select o.place from placed o where o.number = (e.facts ->> 'corrects')::integer)) else e.facts end,
           e.made_by, e.made_at, e.digest
    from case_entry e join placed p on p.number = e.number
    where e.case_id = p_case
      and exists (select from case_touch t where t.case_id = p_case and t.authority_id = p_authority)
    order by p.place
$$;
revoke all on function list_case_entries from public;

create function list_case_receipts(p_case uuid, p_authority uuid) returns setof case_receipt
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.case_id, p.place, r.authority_id, r.account_id, r.seen_at
    from case_receipt r join place_case_entries(p_case, p_authority) p on p.number = r.number
    where r.case_id = p_case and (r.authority_id = p_authority or r.authority_id is null)
      and exists (select from case_touch t where t.case_id = p_case and t.authority_id = p_authority)
    order by p.place, r.seen_at
$$;
revoke all on function list_case_receipts from public;

-- What each authority owes a receipt for: of what the supplier wrote and it sees, the oldest that nobody there has seen;
-- not since before it was told that the case touches it.
create view case_unseen as
select o.case_id, o.authority_id, o.since,
       (select count(*) from case_entry x where x.case_id = o.case_id and x.authority_id = o.authority_id
         and x.kind = 'escalated' and x.made_at > o.since) as level
from (
    select t.case_id, t.authority_id, greatest(min(e.made_at), t.told_at) as since
    from case_touch t
    join case_entry e on e.case_id = t.case_id and e.side = 'supplier' and is_case_shown(e, t.authority_id)
    where not exists (select from case_receipt r where r.case_id = e.case_id and r.number = e.number
                        and r.authority_id = t.authority_id)
    group by t.case_id, t.authority_id, t.told_at
) o;

-- What time does to cases, as scheduler: a case that nobody acknowledged goes to the next level, three at most; a message
-- without a receipt goes to the authority's next contact, five at most. Each is an entry of the case. One case's trouble
-- is not the others'. Returns how many went on, and how many could not and are tried again.
create function escalate_cases(p_at timestamptz) returns table (passed bigint, failed bigint)
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one record;
begin
    passed := 0;
    failed := 0;
    perform pg_advisory_xact_lock(hashtextextended('cases', 0));
    for one in
        select s.id as case_id, null::uuid as authority_id, s.level + 1 as level, null::integer as place
        from case_standing s
        where s.id in (select r.id from case_running r) and s.state = 'open' and s.level < 3
          and p_at >= s.opened_at + (s.level + 1) * make_interval(mins => s.acknowledge_minutes)
        union all
        select c.id, u.authority_id, u.level + 1,
               (select w.place from case_contact w
                where w.authority_id = u.authority_id
                  and w.valid_until >= (p_at at time zone 'Europe/Stockholm')::date
                order by w.place offset u.level limit 1)
        from case_running r join security_case c on c.id = r.id
        cross join lateral (select * from case_unseen o where o.case_id = c.id offset 0) u
        where u.level < 5 and p_at >= u.since + (u.level + 1) * make_interval(mins => c.receipt_minutes)
    loop
        begin
            perform pg_advisory_xact_lock(hashtextextended('case:' || one.case_id, 0));
            perform add_case_entry(
                one.case_id, 'escalated', 'product', 'AMBER', one.authority_id, '',
                jsonb_strip_nulls(jsonb_build_object('level', one.level, 'place', one.place)), null, p_at);
            passed := passed + 1;
        exception when others then
            failed := failed + 1;
        end;
    end loop;
    return next;
end $$;
revoke all on function escalate_cases from public;

-- Term 34: cases that are past a time of theirs, as each authority that one touches sees it; of one that touches none,
-- everybody.
create function find_late_cases(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with late as (
        select s.id, case
            when s.state = 'open' and p_at > s.opened_at + make_interval(mins => s.acknowledge_minutes) then 'unanswered'
            when s.regulated and ((p_at > s.known_at + interval '24 hours' and not '24h' = any (s.reports))
                               or (p_at > s.known_at + interval '72 hours' and not '72h' = any (s.reports))
                               or (p_at > s.known_at + interval '1 month' and not 'month' = any (s.reports)))
                then 'unreported'
            when s.fixed_at is null and p_at > s.known_at + make_interval(hours => s.fix_hours) then 'unfixed'
        end as reason
        from case_standing s where s.id in (select r.id from case_running r)
    ), told as (
        select t.authority_id, l.reason, l.id from late l left join case_touch t on t.case_id = l.id
        where l.reason is not null
        union all
        select t.authority_id, 'untold', s.id from case_standing s join case_touch t on t.case_id = s.id
        where s.id in (select r.id from case_running r) and t.told_at > s.known_at + make_interval(mins => s.tell_minutes)
    )
    select told.authority_id, min(told.reason), count(distinct told.id) from told group by told.authority_id
$$;
revoke all on function find_late_cases from public;

-- Term 35: authorities that have not said that they saw what concerns them, after the agreed minutes.
create function find_unseen_cases(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select u.authority_id, 'unseen', count(*)
    from case_unseen u join security_case c on c.id = u.case_id
    where p_at > u.since + make_interval(mins => c.receipt_minutes)
    group by u.authority_id
$$;
revoke all on function find_unseen_cases from public;

-- Each authority is told, by its own ways, of what the supplier or the product wrote that it sees: the entry names it,
-- and is held against the row, for whoever may append entries can write what he likes in one.
create function write_case_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'cases', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from case_entry e
        join case_touch c on c.case_id = e.case_id and is_case_shown(e, c.authority_id)
        join authority t on t.id = c.authority_id and t.kind = 'authority' and t.state = 'active'
        where e.case_id = substring(new.object from '^case:([0-9a-f-]{36})$')::uuid
          and t.id::text = new.detail ->> 'authority' and encode(e.digest, 'hex') = new.detail ->> 'digest'
          and e.side <> 'authority' and e.made_at = new.happened_at
          and (e.kind = 'escalated') = (new.event = 'case.escalated')
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_case_notices from public;

reset role;

create trigger case_told_of after insert on ledger.inbox for each row
    when (new.event in ('case.written', 'case.escalated') and new.outcome = 'success' and new.written_by !~ '_portal$')
    execute function vaka.write_case_notices();
