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
    number       integer not null check (number between 1 and 5000),
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
    made.digest := sha256(convert_to(concat_ws(chr(10), 'vaka case entry v1', p_case, made.number, p_kind, p_side, p_tlp,
                                               p_authority, p_text, p_facts, p_by), 'UTF8'));
    insert into case_entry select made.*;
    seen_by := array(select t.authority_id from case_touch t
                     where t.case_id = p_case and is_case_shown(made, t.authority_id));
    if cardinality(seen_by) = 0 then
        seen_by := array[null::uuid];
    end if;
    perform ledger.append(
        p_at, event, actor, 'case:' || p_case, 'success', jsonb_strip_nulls(jsonb_build_object(
            'authority', one, 'entry', made.number, 'kind', p_kind, 'tlp', p_tlp, 'state', p_facts ->> 'step',
            'level', p_facts -> 'level', 'digest', encode(made.digest, 'hex'))))
    from unnest(seen_by) one;
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
    known case_standing;
    before case_entry;
    whose uuid := p_authority;
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
        if before.side is distinct from 'supplier' then
            return 'gone';
        end if;
        whose := before.authority_id;  -- what corrects it reaches who saw it, and nobody else
    end if;
    perform add_case_entry(p_case, p_kind, 'supplier', p_tlp, whose, p_text, p_facts, p_by, p_at);
    return 'done';
end $$;
revoke all on function write_case from public;

-- Answers in a case room, as portal: between the authority and the supplier alone. Says 'done', or why not.
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
    end if;
    perform add_case_entry(p_case, 'noted', 'authority', p_tlp, p_authority, p_text, '{}', p_by, p_at);
    return 'done';
end $$;
revoke all on function answer_case from public;

-- Says that somebody has seen a case up to an entry: of an authority as portal, of the supplier as office (null).
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
    where e.case_id = p_case and e.number <= p_number
      and (p_authority is null or is_case_shown(e, p_authority))
    on conflict do nothing;
    if found then
        perform ledger.append(p_at, 'case.seen', 'account:' || p_by, 'case:' || p_case, 'success', jsonb_strip_nulls(
            jsonb_build_object('authority', p_authority, 'entry', p_number)));
    end if;
    return 'done';
end $$;
revoke all on function see_case from public;

-- What an authority that is touched sees of its cases, as portal; of an untouched one, nothing.
create function list_cases_of(p_authority uuid) returns setof case_standing
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.* from case_standing s join case_touch t on t.case_id = s.id
    where t.authority_id = p_authority
    order by s.number desc
$$;
revoke all on function list_cases_of from public;

create function list_case_entries(p_case uuid, p_authority uuid) returns setof case_entry
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.* from case_entry e join case_touch t on t.case_id = e.case_id and t.authority_id = p_authority
    where e.case_id = p_case and is_case_shown(e, p_authority)
    order by e.number
$$;
revoke all on function list_case_entries from public;

create function list_case_receipts(p_case uuid, p_authority uuid) returns setof case_receipt
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.* from case_receipt r
    where r.case_id = p_case and (r.authority_id = p_authority or r.authority_id is null)
      and exists (select from list_case_entries(p_case, p_authority) e where e.number = r.number)
    order by r.number, r.seen_at
$$;
revoke all on function list_case_receipts from public;

-- What each authority owes a receipt for: of what the supplier wrote and it sees, the oldest that nobody there has seen.
create view case_unseen as
select t.case_id, t.authority_id, min(e.made_at) as since,
       (select count(*) from case_entry x where x.case_id = t.case_id and x.authority_id = t.authority_id
         and x.kind = 'escalated' and x.made_at > min(e.made_at)) as level
from case_touch t
join case_entry e on e.case_id = t.case_id and e.side = 'supplier' and is_case_shown(e, t.authority_id)
where not exists (select from case_receipt r where r.case_id = e.case_id and r.number = e.number
                    and r.authority_id = t.authority_id)
group by t.case_id, t.authority_id;

-- What time does to cases, as scheduler: a case that nobody acknowledged goes to the next level, three at most; a message
-- without a receipt goes to the authority's next contact, five at most. Each is an entry of the case. Returns how many.
create function escalate_cases(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one record;
    count bigint := 0;
begin
    perform pg_advisory_xact_lock(hashtextextended('cases', 0));
    for one in
        select s.id, s.level + 1 as level from case_standing s
        where s.state = 'open' and s.level < 3
          and p_at >= s.opened_at + (s.level + 1) * make_interval(mins => s.acknowledge_minutes)
    loop
        perform add_case_entry(one.id, 'escalated', 'product', 'AMBER', null, '',
                               jsonb_build_object('level', one.level), null, p_at);
        count := count + 1;
    end loop;
    for one in
        select u.case_id, u.authority_id, u.level + 1 as level,
               (select c.place from case_contact c
                where c.authority_id = u.authority_id and c.valid_until >= p_at::date
                order by c.place offset u.level limit 1) as place
        from case_unseen u join case_standing s on s.id = u.case_id
        where s.state <> 'closed' and u.level < 5
          and p_at >= u.since + (u.level + 1) * make_interval(mins => s.receipt_minutes)
    loop
        perform add_case_entry(
            one.case_id, 'escalated', 'product', 'AMBER', one.authority_id, '',
            jsonb_strip_nulls(jsonb_build_object('level', one.level, 'place', one.place)), null, p_at);
        count := count + 1;
    end loop;
    return count;
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
        from case_standing s where s.state <> 'closed'
    ), told as (
        select t.authority_id, l.reason, l.id from late l left join case_touch t on t.case_id = l.id
        where l.reason is not null
        union all
        select t.authority_id, 'untold', s.id from case_standing s join case_touch t on t.case_id = s.id
        where s.state <> 'closed' and t.told_at > s.known_at + make_interval(mins => s.tell_minutes)
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

-- Each authority is told, by its own ways, of what the supplier or the product wrote that it sees: the entry names it.
create function write_case_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'cases', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from authority t
        where t.id = (new.detail ->> 'authority')::uuid and t.kind = 'authority' and t.state = 'active'
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
