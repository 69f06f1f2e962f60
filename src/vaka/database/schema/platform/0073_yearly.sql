-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- More of what waits, as list_waiting tells it (0061): nothing is kept of it, it follows from how things stand.

-- What waits for an authority, as portal or scheduler: answers it has not settled, plans of exercises it has not agreed to,
-- who came, cases it has not seen, terms it is asked to leave out, and its contacts: none, or the last day of the last.
create function list_pending(p_authority uuid, p_at timestamptz)
    returns table (kind text, id uuid, since timestamptz, due timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select 'inquiry', s.id, s.said_at, null::timestamptz
    from inquiry_standing s
    where s.authority_id = p_authority and s.act = 'answered'
    union all
    select 'plan', e.id, e.planned_at, e.starts_at
    from exercise e
    where e.authority_id = p_authority and e.planned_at is not null and e.agreed_at is null and e.refused_at is null
      and e.starts_at > p_at and exercise_is_open(e, p_at)
    union all
    select 'attendance', e.id, coalesce(e.ended_at, e.ends_at), coalesce(e.ended_at, e.ends_at) + interval '30 days'
    from exercise e
    where e.authority_id = p_authority and e.begun_at is not null and e.portal_present is null
      and coalesce(e.ended_at, e.ends_at) <= p_at and exercise_is_open(e, p_at)
    union all
    select 'case', u.case_id, u.since, u.since + make_interval(mins => c.receipt_minutes)
    from case_unseen u join security_case c on c.id = u.case_id
    where u.authority_id = p_authority
    union all
    select 'exclusion', s.id, s.proposed_at, null
    from exclusion_standing s
    where s.authority_id = p_authority and s.approved_at is null and s.ended_at is null
    union all
    -- Noon, so that it is that day on every clock that is meant.
    select 'contact', w.id, coalesce(max(c.since), w.created_at),
           (max(c.valid_until) + time '12:00') at time zone 'Europe/Stockholm'
    from authority w left join case_contact c on c.authority_id = w.id
    where w.id = p_authority and w.kind = 'authority'
    group by w.id
$$;
revoke all on function list_pending from public;

-- What waits for the supplier, as office or scheduler: what authorities asked and wrote, exercises that owe a plan, a number
-- or their end, cases by their next clock, requests about accounts, and authorities' rules that somebody has not read, who
-- has p_grace for it; p_roles are those of the authorities' own people.
create function list_owed(p_roles text[], p_grace interval, p_at timestamptz)
    returns table (kind text, id uuid, since timestamptz, due timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with running as (
        select s.* from case_standing s where s.id in (select r.id from case_running r)
    )
    select 'inquiry', s.id, s.said_at, s.wanted_by
    from inquiry_standing s
    where s.act in ('filed', 'returned')
    union all
    select 'plan', e.id, e.asked_at, e.answer_by
    from exercise e
    where exercise_owes_plan(e, p_at) and exercise_is_open(e, p_at)
    union all
    select case when e.office_present is null then 'attendance' else 'closing' end, e.id, coalesce(e.ended_at, e.ends_at),
           coalesce(e.ended_at, e.ends_at) + interval '30 days'
    from exercise e
    where e.begun_at is not null and coalesce(e.ended_at, e.ends_at) <= p_at and exercise_is_open(e, p_at)
    union all
    select case when s.state = 'open' then 'case' when s.fixed_at is null then 'remedy' else 'outcome' end, s.id,
           s.known_at, case when s.state = 'open' then s.opened_at + make_interval(mins => s.acknowledge_minutes)
                            when s.fixed_at is null then s.known_at + make_interval(hours => s.fix_hours) end
    from running s
    union all
    select 'notification', s.id, s.known_at, min(s.known_at + r.within)
    from running s
    cross join (values ('24h', interval '24 hours'), ('72h', interval '72 hours'), ('month', interval '1 month'))
        as r (report, within)
    where s.regulated and not r.report = any (s.reports)
    group by s.id, s.known_at
    union all
    select 'word', c.id, min(e.made_at), min(e.made_at) + make_interval(mins => c.receipt_minutes)
    from case_entry e join security_case c on c.id = e.case_id
    where e.side = 'authority' and not exists (
        select from case_receipt r where r.case_id = e.case_id and r.number = e.number and r.authority_id is null)
    group by c.id, c.receipt_minutes
    union all
    select 'account', r.id, r.requested_at, r.answer_by
    from account_request r
    where r.state = 'waiting' and r.answer_by > p_at
    union all
    select 'rule', h.rule, h.holds_from, min(greatest(h.holds_from, r.since)) + p_grace
    from authority_rule h cross join lateral list_rule_readers(h.authority_id, p_roles, p_at) r
    where h.holds_from <= p_at and not is_rule_acknowledged(h.rule, h.number, r.human) and not exists (
        select from authority_rule n where n.rule = h.rule and n.number > h.number and n.holds_from <= p_at)
    group by h.rule, h.holds_from
$$;
revoke all on function list_owed from public;

-- ── Reports of a year that an authority has taken out (terms 9 and 20) ───────────────────────────────────────────────

create table report_taken (
    id           bigint generated always as identity primary key,
    authority_id uuid not null references authority,
    report       text collate "C" not null check (report in ('access', 'changes', 'terms')),
    year         integer not null check (year between 2020 and 2200),
    format       text collate "C" not null check (format in ('csv', 'pdf')),
    -- SHA-256 of what stands in it as a file (CSV), whichever of the two was taken out.
    sha256       text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    taken_by     uuid not null references account,
    taken_at     timestamptz not null
);
create index report_taken_of on report_taken (authority_id, report, taken_at desc);

create function refuse_other_reports() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or session_user <> 'vaka_portal' then
        raise exception 'that a report was taken out is added by the portal, and never changed'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_added before insert or update or delete on report_taken
    for each row execute function refuse_other_reports();
create trigger never_emptied before truncate on report_taken for each statement execute function refuse_other_reports();

set role vaka_ledger;
alter table ledger.inbox add constraint reports_are_taken_in_the_portal
    check (event <> 'report.taken' or written_by ~ '_portal$');
set role vaka_owner;

-- Enters that somebody of an authority takes a report of a year out, as portal, before it leaves. Says 'done', or why not.
create function take_report(
    p_authority uuid, p_report text, p_year integer, p_format text, p_sha256 text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if session_user <> 'vaka_portal' or not exists (
        select from account a join effective_grant g on g.account_id = a.id
        where a.id = p_by and a.kind = 'user' and a.state = 'active' and g.authority_id = p_authority
          and (g.valid_until is null or g.valid_until > p_at))
    then
        return 'stranger';
    elsif p_year > year_in_sweden(p_at) then
        return 'gone';
    end if;
    perform ledger.append(
        p_at, 'report.taken', 'account:' || p_by, 'authority:' || p_authority, 'success', jsonb_build_object(
            'authority', p_authority, 'report', p_report, 'year', p_year, 'format', p_format, 'sha256', p_sha256));
    insert into report_taken (authority_id, report, year, format, sha256, taken_by, taken_at)
    values (p_authority, p_report, p_year, p_format, p_sha256, p_by, p_at);
    return 'done';
end $$;
revoke all on function take_report from public;

-- When each report of a year was taken out last, of one authority, as portal.
create function list_reports_taken(p_authority uuid)
    returns table (report text, year integer, format text, sha256 text, taken_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select distinct on (t.report, t.year) t.report, t.year, t.format, t.sha256, t.taken_at
    from report_taken t where t.authority_id = p_authority
    order by t.report, t.year, t.taken_at desc
$$;
revoke all on function list_reports_taken from public;

-- When each authority last took out a report of this year or the one before: what it had of an older year is not the
-- year's. Null where it never did.
create function last_report(p_authority uuid, p_report text, p_at timestamptz) returns timestamptz
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select max(t.taken_at) from report_taken t
    where t.authority_id = p_authority and t.report = p_report and t.taken_at <= p_at
      and t.year >= year_in_sweden(t.taken_at) - 1
$$;
revoke all on function last_report from public;

-- Terms 9 and 20: authorities that have not had the report of the year.
create function find_unreported(p_report text, p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.id, case when w.last is null then 'missing' else 'overdue' end, 1
    from (select a.id, last_report(a.id, p_report, p_at) as last from authority a
          where a.kind = 'authority' and a.state = 'active') w
    where w.last is null or w.last < p_at - p_every
$$;
revoke all on function find_unreported from public;

-- The same as something that waits, as portal or scheduler: a report that was never taken out has no day.
create function list_reports_due(p_authority uuid, p_at timestamptz)
    returns table (kind text, id uuid, since timestamptz, due timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select k.kind, w.id, coalesce(w.last, w.created_at), w.last + interval '365 days'
    from (values ('access_report', 'access'), ('change_report', 'changes')) as k (kind, report)
    cross join lateral (select a.id, a.created_at, last_report(a.id, k.report, p_at) as last
                        from authority a where a.id = p_authority and a.kind = 'authority') w
$$;
revoke all on function list_reports_due from public;

-- What stands in the register of changes that was written in a stretch of time, as portal. That it was written, and its
-- digest, is in everybody's log; what it says is shown to whom the register is shown entry by entry.
create function list_changes(p_authority uuid, p_since timestamptz, p_until timestamptz)
    returns table (entry uuid, number integer, state text, digest text, made_at timestamptz, said jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select v.entry, v.number, v.state, encode(v.digest, 'hex'), v.made_at,
           case when v.state <> 'draft' and (v.concerned is null or p_authority = any (v.concerned)) and exists (
                    select from register_showing s
                    where s.register = v.register and s.authority_id = p_authority and s.how = 'entries')
                then v.fields end
    from register_version v
    where v.register = 'changes' and v.made_at >= p_since and v.made_at < p_until
    order by v.made_at, v.entry, v.number
$$;
revoke all on function list_changes from public;

-- ── How the terms stood during a year ────────────────────────────────────────────────────────────────────────────────

-- What was looked at is asked for by time as well: how it stood on a day of a year that is over.
create index look_by_time on look (requirement, looked_at desc);

-- What the newest evidence said at each of several moments, of one authority, as list_evidence says it of now; as portal.
create function list_standings(p_authority uuid, p_requirements text[], p_moments timestamptz[])
    returns table (moment timestamptz, requirement text, met boolean, reason text, things bigint, since timestamptz,
                   seen timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with found as materialized (
        select o.look_id, o.requirement, o.authority_id, o.met, o.reason, o.things, l.looked_at
        from observation o join look l on l.id = o.look_id
        where o.requirement = any (p_requirements) and (o.authority_id = p_authority or o.authority_id is null)
    ), stood as (
        -- Each finding from its look until the next of the same requirement.
        select f.*, lead(f.looked_at, 1, 'infinity') over (partition by f.requirement order by f.look_id) as until from found f
    )
    select m.at, s.requirement, s.met, s.reason, s.things, s.looked_at, seen.looked_at
    from stood s
    join unnest(p_moments) as m (at) on m.at >= s.looked_at and m.at < s.until
    cross join lateral (select l.looked_at from look l
                        where l.requirement = s.requirement and l.looked_at <= m.at
                          and (s.authority_id is null or not p_authority = any (l.unseen))
                        order by l.looked_at desc limit 1) seen
$$;
revoke all on function list_standings from public;
