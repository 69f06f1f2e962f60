-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the log says of backups (term 24): the newest of each kind of run, as the command itself entered it.

set role vaka_ledger;

-- The newest run of each of these commands that succeeded and that failed, within a time; as setup wrote it.
create function ledger.newest_runs(p_commands text[], p_since timestamptz, p_until timestamptz)
    returns table (command text, happened_at timestamptz, outcome text, detail jsonb)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select asked.command, run.happened_at, asked.outcome, run.detail
    from (select c as command, o as outcome from unnest(p_commands) c, unnest(array['success', 'failure']) o) asked
    cross join lateral (
        select both_of.happened_at, both_of.detail from (
            (select i.happened_at, e.index, said.leaf -> 'detail' as detail
             from entry_index i join log_entry e using (index)
             cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) said
             where i.object = 'command:' || asked.command and i.event = 'command.run' and i.outcome = asked.outcome
               and i.happened_at >= p_since and i.happened_at <= p_until and said.leaf ->> 'written_by' = 'vaka_setup'
             order by i.happened_at desc, i.index desc limit 1)
            union all
            -- What waits is newer than whatever is sealed.
            select i.happened_at, 9223372036854775807, i.detail from inbox i
            where i.object = 'command:' || asked.command and i.event = 'command.run' and i.outcome = asked.outcome
              and i.happened_at >= p_since and i.happened_at <= p_until and i.written_by = 'vaka_setup') both_of
        order by both_of.happened_at desc, both_of.index desc limit 1) run
$$;
revoke all on function ledger.newest_runs from public;

set role vaka_owner;

-- What may be known of backups by whoever looks after the terms, and by every authority: no argument and no name.
create function read_backup_runs(p_at timestamptz)
    returns table (command text, happened_at timestamptz, outcome text, detail jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.command, r.happened_at, r.outcome,
           coalesce((select jsonb_object_agg(f.key, f.value) from jsonb_each(r.detail) f
                     where f.key in ('point', 'kind', 'backups', 'append_only', 'unencrypted', 'damaged', 'site', 'good',
                                     'lost_seconds', 'took_seconds', 'tables', 'different', 'unsound', 'logs_wrong',
                                     'returned', 'opened', 'removed')), '{}')
    from ledger.newest_runs(array['backup.now', 'backup.check', 'backup.drill'],
                            p_at - interval '400 days', p_at) r
$$;
revoke all on function read_backup_runs from public;

-- Whether a machine stands in a hall of backups, by the register of halls, and every hall that names it is at another address
-- than any hall of operations. Where no hall of operations is entered, nobody knows what it would be apart from.
create function is_backup_apart(p_machine text) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with halls as materialized (
        select s.fields ->> 'holds' as holds,
               lower(regexp_replace(btrim(coalesce(s.fields ->> 'address', '')), '\s+', ' ', 'g')) as address,
               lower(p_machine) = any (regexp_split_to_array(lower(coalesce(s.fields ->> 'machines', '')), '[\s,;]+')) as names
        from register_holding s where s.register = 'sites' and s.state = 'in_force'
    )
    select exists (select from halls o where o.holds = 'operations')
       and exists (select from halls b where b.holds = 'backups' and b.names)
       and not exists (select from halls b join halls o on o.holds = 'operations' and o.address = b.address where b.names)
$$;
revoke all on function is_backup_apart from public;

set role vaka_ledger;

-- Who restored the database of an authority last, as the command itself entered it; null: nobody within a month.
create function ledger.restored_by(p_authority uuid, p_at timestamptz) returns text
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select run.actor from (
        select i.happened_at, i.actor, said.leaf -> 'detail' as detail, said.leaf ->> 'written_by' as written_by
        from entry_index i join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) said
        where i.object = 'command:backup.restore' and i.event = 'command.run' and i.outcome = 'success'
          and i.happened_at > p_at - interval '31 days' and i.happened_at <= p_at
        union all
        select i.happened_at, i.actor, i.detail, i.written_by from inbox i
        where i.object = 'command:backup.restore' and i.event = 'command.run' and i.outcome = 'success'
          and i.happened_at > p_at - interval '31 days' and i.happened_at <= p_at) run
    where run.written_by = 'vaka_setup' and run.detail ->> 'authority' = p_authority::text
      and (run.detail ->> 'applied')::boolean
    order by run.happened_at desc limit 1
$$;
revoke all on function ledger.restored_by from public;

set role vaka_owner;

-- That one, and whether it is this actor himself: also by another account of the same human.
create function find_restorer(p_authority uuid, p_actor text, p_at timestamptz) returns table (actor text, is_own boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.actor, r.actor = p_actor or exists (
        select from account one join account other on other.human = one.human
        where 'account:' || one.id = r.actor and 'account:' || other.id = p_actor)
    from (select ledger.restored_by(p_authority, p_at) as actor) r
    where r.actor is not null
$$;
revoke all on function find_restorer from public;
