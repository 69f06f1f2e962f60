-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Receivers (term 25) of several machines, each with a row of its own; and whether one that is silent was stopped.

-- The instance of a receiver is receiver-1@larm-1, of this release; of the release before, which works on while machines are
-- upgraded one after the other, it is receiver-1 on every machine, and the machine is ''.
alter table receiver_presence
    add column machine text not null default '' check (machine ~ '^[A-Za-z0-9._-]{0,64}$'),
    add column ended_at timestamptz,
    add constraint receiver_presence_instance_check check (length(instance) <= 120);
comment on column receiver_presence.machine is 'What the machine calls itself; of the release before, nothing.';
comment on column receiver_presence.ended_at is 'When it ended in order; of one that listens, or was killed, nothing.';

-- Term 25: what happened within a day and left a row but no entry; receivers of which none is heard; and each that has gone silent
-- within a day, unless it ended in order within an hour; of a machine that is named for one also later. One that says that it is
-- heard in a time that is not yet, is not; where that is more than a day ahead, the row counts for nothing.
create function find_silent_sources(p_machines text[], p_at timestamptz)
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
    ), receiver as (
        select r.*, r.beat_at between p_at - interval '3 minutes' and p_at + interval '3 minutes' as is_heard,
               r.beat_at > p_at - interval '1 day' and r.beat_at <= p_at + interval '1 day' as is_recent,
               coalesce(r.ended_at > p_at - interval '1 hour' and r.ended_at <= p_at + interval '1 hour', false) as is_excused
        from receiver_presence r
    ), everywhere as (
        select case when max(r.beat_at) is null then 'missing' else 'silent' end as reason,
               greatest(count(*) filter (where r.is_recent), 1) as things
        from receiver r
        having coalesce(max(r.beat_at) filter (where r.is_recent) < p_at - interval '15 minutes', true)
    ), away as (
        select (select count(*) from receiver r where r.machine <> '' and r.is_recent and not r.is_excused and not r.is_heard)
             + (select count(*) from (select distinct unnest(p_machines) as machine) m
                where not exists (select from receiver r
                                  where r.machine = m.machine
                                    and (r.is_recent or r.is_excused))) as things
    )
    select null::uuid, 'untold', u.things from untold u where u.things > 0
    union all
    select null, e.reason, e.things from everywhere e where not exists (select from untold u where u.things > 0)
    union all
    select null, 'away', a.things from away a
    where a.things > 0 and not exists (select from untold u where u.things > 0) and not exists (select from everywhere)
$$;
revoke all on function find_silent_sources(text[], timestamptz) from public;

-- For the release before, in its own words. A later release removes it.
create or replace function find_silent_sources(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.authority_id, case when s.reason = 'away' then 'silent' else s.reason end, s.things
    from find_silent_sources('{}', p_at) s
$$;
