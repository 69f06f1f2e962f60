-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the rules that will be in force at a moment would remove then: counted, and nothing but counted.

create function preview_removal_at(p_at timestamptz) returns table (
    kind text, people uuid[], held boolean, things bigint, alarms bigint, messages bigint, oldest timestamptz,
    newest timestamptz
)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.kind, case when r.exempt then f.people end, is_held(f.people), count(*),
           sum(cardinality(f.alarms))::bigint, sum(m.count)::bigint, min(f.at), max(f.at)
    from removal_in_force(p_at) r
    cross join lateral find_removable(r.kind, p_at - make_interval(months => r.months), null, null, null, null) f
    cross join lateral (
        select case when r.kind = 'messages' then 1
                    else (select count(*) from message m where m.alarm_id = any (f.alarms)) end as count) m
    group by 1, 2, 3
$$;
revoke all on function preview_removal_at from public;
