-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the log says of acts, beside what tables say: terms 12, 15, 19, 25. As 0066 tells it.

set role vaka_ledger;

-- What a command said of its newest run as it usually is, which succeeded, since a moment; as setup wrote it.
create function ledger.last_run_said(p_command text, p_since timestamptz, p_until timestamptz) returns jsonb
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select run.detail from (
        select i.happened_at, e.index, said.leaf ->> 'written_by' as written_by, said.leaf -> 'detail' as detail
        from entry_index i join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) said
        where i.event = 'command.run' and i.object = 'command:' || p_command and i.outcome = 'success'
          and i.happened_at >= p_since and i.happened_at <= p_until
        union all
        -- What waits is newer than whatever is sealed.
        select i.happened_at, 9223372036854775807, i.written_by, i.detail from inbox i
        where i.event = 'command.run' and i.object = 'command:' || p_command and i.outcome = 'success'
          and i.happened_at >= p_since and i.happened_at <= p_until) run
    where run.written_by = 'vaka_setup' and coalesce((run.detail ->> 'usual')::boolean, true)
    order by run.happened_at desc, run.index desc limit 1
$$;
revoke all on function ledger.last_run_said from public;

-- Who did acts of these events in portal or office within a time, and the digest of what a key confirmed, as the entry says it;
-- empty where it says of no touch. The newest alone, where there are very many.
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

-- How many of these, an actor and a digest each, no touch of that actor's key was over since a moment: the platform's log has an
-- entry of every touch, whatever it was for and wherever.
create function ledger.count_made_up(p_actors text[], p_step_ups text[], p_since timestamptz) returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with touched as materialized (
        select i.actor, convert_from(e.leaf, 'UTF8')::jsonb -> 'detail' ->> 'step_up' as step_up
        from entry_index i join log_entry e using (index)
        where i.event = 'security_key.used' and i.happened_at >= p_since
        union
        select i.actor, i.detail ->> 'step_up' from inbox i
        where i.event = 'security_key.used' and i.happened_at >= p_since
    )
    select count(*) from unnest(p_actors, p_step_ups) as said (actor, step_up)
    where not exists (select from touched t where t.actor = said.actor and t.step_up = said.step_up)
$$;
revoke all on function ledger.count_made_up from public;

-- How many of these things the log, sealed or not, has no entry of, of these events; null: of none at all.
create function ledger.count_untold(p_objects text[], p_events text[]) returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select count(*) from unnest(p_objects) thing
    where not exists (select from entry_index i
                      where i.object = thing and (p_events is null or i.event = any (p_events)))
      and not exists (select from inbox i
                      where i.object = thing and (p_events is null or i.event = any (p_events)))
$$;
revoke all on function ledger.count_untold from public;

-- How many of these grants, a line each, the log, sealed or not, has no entry of: that this account got this role in this
-- authority (none: on the supplier's premises), then or later, for what is approved counts from when it was asked for. Asking
-- alone gives nothing, but in an emergency.
create function ledger.count_untold_grants(
    p_accounts uuid[], p_roles text[], p_authorities uuid[], p_sinces timestamptz[]
) returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with told as materialized (
        select i.object, i.event, i.happened_at, convert_from(e.leaf, 'UTF8')::jsonb -> 'detail' as detail
        from entry_index i join log_entry e using (index)
        where i.event in ('role.granted', 'role.approved', 'role.requested') and i.outcome = 'success'
          and i.happened_at >= (select min(since) from unnest(p_sinces) since)
        union all
        select i.object, i.event, i.happened_at, i.detail from inbox i
        where i.event in ('role.granted', 'role.approved', 'role.requested') and i.outcome = 'success'
    )
    select count(*) from unnest(p_accounts, p_roles, p_authorities, p_sinces) as held (account, role, authority, since)
    where not exists (
        select from told t
        where t.object = 'account:' || held.account and t.happened_at >= held.since and t.detail ->> 'role' = held.role
          and t.detail ->> 'authority' is not distinct from held.authority::text
          and (t.event <> 'role.requested' or t.detail ->> 'kind' = 'emergency'))
$$;
revoke all on function ledger.count_untold_grants from public;

set role vaka_owner;

-- Term 12: where accounts, made anew out of the log, were otherwise than the register has them when that was last tried; where
-- nobody has tried for longer than it may be old, nobody knows.
create function find_unreplayed(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, case when r.said is null then 'missing' else 'differ' end,
           coalesce((r.said ->> 'found')::bigint + (r.said ->> 'unreadable')::bigint, 1)
    from (select ledger.last_run_said('account.replay', p_at - p_every, p_at) as said) r
    where r.said is null or coalesce((r.said ->> 'found')::bigint + (r.said ->> 'unreadable')::bigint, 1) > 0
$$;

-- Term 25: what happened within a day and left a row but no entry, and receivers of which none is heard.
create function find_silent_sources(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with untold as (
        select ledger.count_untold(
                   (select array_agg('session:' || s.id) from (
                        select n.id from session n where n.created_at > p_at - interval '1 day'
                        order by n.created_at desc limit 5000) s), array['session.started'])
             + (select ledger.count_untold_grants(
                           array_agg(g.account_id), array_agg(g.role), array_agg(g.authority_id), array_agg(g.granted_at))
                from (select n.account_id, n.role, n.authority_id, n.granted_at from role_grant n
                      where n.granted_at > p_at - interval '1 day' order by n.granted_at desc limit 5000) g) as things
    )
    select null::uuid, 'untold', u.things from untold u where u.things > 0
    union all
    select null, case when max(r.beat_at) is null then 'missing' else 'silent' end, greatest(count(*), 1)
    from receiver_presence r
    having coalesce(max(r.beat_at) < p_at - interval '15 minutes', true)
       and not exists (select from untold u where u.things > 0)
$$;

-- Term 19: machines of the installation, by what they call themselves, that stand in no hall of operations; backups that are kept
-- in no hall, or only where operations are.
create function find_unhoused(p_machines text[], p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with hall as (
        select h.fields ->> 'holds' as holds, lower(h.fields ->> 'address') as address,
               regexp_split_to_array(lower(coalesce(h.fields ->> 'machines', '')), '[\s,;]+') as machines
        from register_holding h where h.register = 'sites' and h.state = 'in_force'
    ), counted as (
        select (select count(*) from hall) as every,
               (select count(*) from unnest(p_machines) m
                where not exists (select from hall h where h.holds = 'operations' and lower(m) = any (h.machines))) as unplaced,
               exists (select from hall b where b.holds = 'backups'
                       and not exists (select from hall o where o.holds = 'operations' and o.address = b.address)) as is_apart
    )
    select w.* from counted c
    cross join lateral worst_of(
        c.every, case when c.unplaced > 0 then 'unplaced' else 'together' end,
        case when c.unplaced > 0 then c.unplaced when c.is_apart then 0 else 1 end, 0) w
$$;

do $$
declare
    finder regprocedure;
begin
    for finder in
        select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'vaka' and p.proname in ('find_unreplayed', 'find_silent_sources', 'find_unhoused')
    loop
        execute format('revoke all on function %s from public', finder);
    end loop;
end $$;
