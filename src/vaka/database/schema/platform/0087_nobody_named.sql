-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- ── A shortcoming that names nobody ────────────────────────────────────────────────────────────────────────────────────

-- Term 7, as in 0086. An empty set of authorities names nobody, and nobody is shown such an entry, here as everywhere. Past its day
-- it is not green for that: until it says whom it concerns it is red with everybody, by a reason of its own, since no authority
-- finds among what it is shown the entry that it is told of.
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
                      when count(*) filter (where w.named) > 0 then 'lapsed' else 'unnamed' end, count(*)
    from past p cross join authority a cross join lateral (
        select bool_or(s.concerned is null or a.id = any (s.concerned)) as named, bool_or(s.concerned = '{}') as unnamed
        from said s where s.entry = p.entry) w
    where w.named or w.unnamed
    group by a.id
$$;
