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
