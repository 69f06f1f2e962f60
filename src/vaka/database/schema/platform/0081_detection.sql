-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the rules of detection found in the logs (term 34). An alert is a row, an entry and a case: what the rule found, of
-- whom or what by its identifier, and when. Nobody writes one but the scheduler, and what is written stays.

create table detection_alert (
    id           uuid primary key,
    rule         text not null check (rule ~ '^[a-z]+(-[a-z]+)*$' and length(rule) <= 60),
    level        text not null check (level in ('critical', 'high', 'medium', 'low')),
    -- In whose log. Null: the platform's.
    authority_id uuid references authority,
    -- Who or what it is about, as entries say it: an actor, a thing, a network. Empty: the log as a whole, or very many.
    -- The word more: what the rule found beside those that were told of one by one.
    about        text not null check (length(about) <= 200),
    things       integer not null check (things >= 0),
    since        timestamptz not null,
    until        timestamptz not null check (until >= since),
    raised_at    timestamptz not null,
    case_id      uuid not null unique references security_case
);
create index detection_alert_lately on detection_alert (rule, authority_id, raised_at);

-- Until when each log has been looked through.
create table detection_look (
    authority_id uuid unique nulls not distinct references authority,
    looked_until timestamptz not null,
    looked_at    timestamptz not null,
    rules        integer not null check (rules > 0)
);

create function refuse_other_alerts() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_scheduler')
    then
        raise exception 'alerts are raised by the scheduler alone, and stay what they are'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_added before insert or update or delete on detection_alert
    for each row execute function refuse_other_alerts();
create trigger never_emptied before truncate on detection_alert
    for each statement execute function refuse_other_alerts();

reset role;
set role vaka_ledger;

alter table ledger.inbox add constraint alerts_are_the_schedulers
    check (event <> 'detection.alerted' or written_by ~ '_scheduler$');

-- The events that a rule names, and no other: a new rule needs a migration to see more.
create function ledger.watched_events() returns text[]
    language sql immutable set search_path = pg_temp as $$
    select array[
        'break_glass.opened', 'command.unproved', 'ledger.heartbeat', 'outage.declared', 'role.unauthorised',
        'row.changed_by_hand', 'sign_in.refused'
    ]
$$;
revoke all on function ledger.watched_events from public;

-- What happened of these events, sealed or not, after a moment and until another: what rules look at, oldest first.
create function ledger.list_watched(p_events text[], p_since timestamptz, p_until timestamptz, p_most integer)
    returns table (happened_at timestamptz, event text, actor text, object text, outcome text, written_by text, detail jsonb)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select said.* from (
        (select i.happened_at, i.event, i.actor, i.object, i.outcome, l.leaf ->> 'written_by', l.leaf -> 'detail'
         from entry_index i join log_entry e using (index)
         cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l
         where i.event = any (p_events) and i.event = any (ledger.watched_events())
           and i.happened_at > p_since and i.happened_at <= p_until
         order by i.happened_at limit p_most)
        union all
        (select i.happened_at, i.event, i.actor, i.object, i.outcome, i.written_by, i.detail
         from inbox i
         where i.event = any (p_events) and i.event = any (ledger.watched_events())
           and i.happened_at > p_since and i.happened_at <= p_until
         order by i.happened_at limit p_most)) said
    order by 1 limit p_most
$$;
revoke all on function ledger.list_watched from public;

reset role;
set role vaka_owner;

-- Raises an alert, as scheduler, and opens the case that people triage: of the product's, so that it goes to the next level
-- where nobody acknowledges it. Says 'done'; 'known': it was told of already, or lately of the same; or 'many': ten of one rule in
-- one log were told of within the hour, and who asks then raises one about how many more there are. Critical ones are all told of.
create function raise_alert(
    p_id uuid, p_case uuid, p_rule text, p_level text, p_authority uuid, p_about text, p_things integer,
    p_since timestamptz, p_until timestamptz, p_title text, p_text text, p_minutes integer[], p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('detection', 0));
    if exists (select from detection_alert a
               where a.rule = p_rule and a.authority_id is not distinct from p_authority and a.about = p_about
                 and (a.until >= p_until or a.raised_at > p_at - interval '1 hour'))
    then
        return 'known';
    elsif p_level <> 'critical' and p_about <> 'more'
       and (select count(*) from detection_alert a
            where a.rule = p_rule and a.authority_id is not distinct from p_authority and a.about <> 'more'
              and a.raised_at > p_at - interval '1 hour') >= 10
    then
        return 'many';
    end if;
    insert into security_case (id, kind, severity, regulated, known_at, opened_at, acknowledge_minutes, receipt_minutes,
                               tell_minutes, fix_hours)
    values (p_case, 'incident', p_level, false, p_at, p_at, p_minutes[1], p_minutes[2], p_minutes[3], p_minutes[4]);
    perform add_case_entry(p_case, 'opened', 'product', 'AMBER+STRICT', null, p_text,
                           jsonb_build_object('title', p_title, 'rule', p_rule), null, p_at);
    insert into detection_alert (id, rule, level, authority_id, about, things, since, until, raised_at, case_id)
    values (p_id, p_rule, p_level, p_authority, p_about, p_things, p_since, p_until, p_at, p_case);
    perform ledger.append(p_at, 'detection.alerted', 'scheduler', 'case:' || p_case, 'success', jsonb_strip_nulls(
        jsonb_build_object('authority', p_authority, 'rule', p_rule, 'level', p_level, 'count', p_things)));
    return 'done';
end $$;
revoke all on function raise_alert from public;

-- That a log was looked through until a moment, by so many rules. As scheduler.
create function enter_detection(p_authority uuid, p_until timestamptz, p_rules integer, p_at timestamptz) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    insert into detection_look (authority_id, looked_until, looked_at, rules) values (p_authority, p_until, p_at, p_rules)
    on conflict (authority_id) do update
    set looked_until = excluded.looked_until, looked_at = excluded.looked_at, rules = excluded.rules
$$;
revoke all on function enter_detection from public;

create function list_detection() returns table (authority_id uuid, looked_until timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select l.authority_id, l.looked_until from detection_look l
$$;
revoke all on function list_detection from public;

-- Term 34: whose log, or the platform's, no rule has looked through until lately.
create function find_undetected(p_within interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, 'stopped', 1::bigint from authority a
    where a.kind = 'authority' and a.state = 'active' and not exists (
        select from detection_look l where l.authority_id = a.id and l.looked_until >= p_at - p_within)
    union all
    select null, 'stopped', 1
    where not exists (select from detection_look l where l.authority_id is null and l.looked_until >= p_at - p_within)
$$;
revoke all on function find_undetected from public;

-- Term 34: cases that are past a time of theirs, as each authority that one touches sees it; one that touches nobody yet, and
-- was opened for an alert in an authority's log, as that authority; of any other that touches none, everybody.
create or replace function find_late_cases(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
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
        select coalesce(t.authority_id, d.authority_id) as authority_id, l.reason, l.id
        from late l left join case_touch t on t.case_id = l.id left join detection_alert d on d.case_id = l.id
        where l.reason is not null
        union all
        select t.authority_id, 'untold', s.id from case_standing s join case_touch t on t.case_id = s.id
        where s.id in (select r.id from case_running r) and t.told_at > s.known_at + make_interval(mins => s.tell_minutes)
    )
    select told.authority_id, min(told.reason), count(distinct told.id) from told group by told.authority_id
$$;
