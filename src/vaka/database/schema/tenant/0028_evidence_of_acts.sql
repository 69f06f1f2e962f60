-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the authority's own log says of acts, and what its devices' secrets are beside what it asks: terms 15, 16, 25.

reset role;
set role vaka_ledger;

-- As in the platform's database.
create function ledger.list_touches(p_events text[], p_since timestamptz, p_until timestamptz)
    returns table (actor text, step_up text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select said.actor, case when said.detail ->> 'step_up' ~ '^[0-9a-f]{64}$' then said.detail ->> 'step_up' else '' end
    from (
        (select l.leaf ->> 'actor' as actor, l.leaf ->> 'written_by' as written_by, l.leaf -> 'detail' as detail
         from (select i.index from entry_index i
               where i.event = any (p_events) and i.outcome = 'success'
                 and i.happened_at > p_since and i.happened_at <= p_until
               order by i.happened_at desc limit 5000) newest
         join log_entry e using (index)
         cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l)
        union all
        select i.actor, i.written_by, i.detail from inbox i
        where i.event = any (p_events) and i.outcome = 'success'
          and i.happened_at > p_since and i.happened_at <= p_until) said
    where said.actor ~ '^account:' and said.written_by ~ '_(portal|office)$'
$$;
revoke all on function ledger.list_touches from public;

create function ledger.count_untold(p_objects text[], p_events text[]) returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select count(*) from unnest(p_objects) thing
    where not exists (select from entry_index i
                      where i.object = thing and (p_events is null or i.event = any (p_events)))
      and not exists (select from inbox i
                      where i.object = thing and (p_events is null or i.event = any (p_events)))
$$;
revoke all on function ledger.count_untold from public;

reset role;
set role vaka_owner;

-- Term 25: alarms of the last day that left no entry when they were raised.
create function find_untold_alarms(p_at timestamptz) returns table (reason text, things bigint)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    return query
    select 'untold', u.things
    from (select ledger.count_untold(
              (select array_agg('alarm:' || a.id) from (
                   select n.id from alarm n where n.received_at > p_at - interval '1 day'
                   order by n.received_at desc limit 5000) a),
              array['alarm.raised', 'site.silent']) as things) u
    where u.things > 0;
end $$;
revoke all on function find_untold_alarms from public;

-- Term 16: secrets of these devices that should have been changed: weaker than what is asked since `p_grace` after it was asked
-- or after they were set, in use for longer than they may be and `p_grace`, or nobody knows what they are.
create function find_overdue_secrets(p_devices uuid[], p_grace interval, p_at timestamptz)
    returns table (reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with asked as (
        select coalesce(l.rule, activation_floor() -> 'device_secret') as rule, coalesce(l.since, '-infinity') as since
        from (values (1)) one left join lateral (
            select a.rules -> 'device_secret' as rule, a.since from list_activation() a
            where a.since is not null order by a.since desc, a.id desc limit 1) l on true
    ), used as (
        select s.set_at, s.set_at is null as unknown,
               s.length < (a.rule ->> 'length')::integer or s.kinds < (a.rule ->> 'kinds')::integer as weak,
               greatest(a.since, s.set_at) as weak_since,
               s.set_at + make_interval(days => (a.rule ->> 'lifetime')::integer) as old_since
        from unnest(p_devices) d (id) cross join asked a
        left join lateral (select * from device_secret n where n.device_id = d.id order by n.set_at desc limit 1) s on true
    ), counted as (
        select count(*) filter (where weak and weak_since + p_grace < p_at or old_since + p_grace < p_at) as late,
               count(*) filter (where unknown) as unknown
        from used
    )
    select case when c.late > 0 then 'late' else 'unknown' end,
           case when c.late > 0 then c.late else c.unknown end
    from counted c where c.late > 0 or c.unknown > 0
$$;
revoke all on function find_overdue_secrets from public;

reset role;
