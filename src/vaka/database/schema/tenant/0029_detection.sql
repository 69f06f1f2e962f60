-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the rules of detection look at in an authority's own log (term 34). As in the platform's database.

reset role;
set role vaka_ledger;

-- The events that a rule names, and no other: a new rule needs a migration to see more.
create function ledger.watched_events() returns text[]
    language sql immutable set search_path = pg_temp as $$
    select array[
        'alarm.read', 'command.unproved', 'evidence.packed', 'export.begun', 'ledger.heartbeat', 'log.exported',
        'role.unauthorised', 'row.changed_by_hand'
    ]
$$;
revoke all on function ledger.watched_events from public;

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
