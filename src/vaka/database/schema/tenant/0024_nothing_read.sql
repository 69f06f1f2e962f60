-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- No certificate where a key was handed out, or a value read, after the keys were destroyed: it would say itself that what it
-- certifies is not so.

set role vaka_ledger;

-- As it was, but an entry that says that keys were destroyed also says that nothing came out of them afterwards.
create or replace function ledger.is_entry_of(p_object text, p_event text, p_entry bigint) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select exists (
        select from log_entry e cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l
        where e.id = p_entry and e.index < (select max(c.size) from checkpoint c)
          and l.leaf ->> 'id' = p_entry::text and l.leaf ->> 'object' = p_object and l.leaf ->> 'event' = p_event
          and l.leaf ->> 'outcome' = 'success' and l.leaf ->> 'written_by' ~ '_scheduler$'
          and (p_event not in ('erasure.completed', 'ending.completed')
               or (l.leaf #>> '{detail,keys_handed_out}' = '0' and l.leaf #>> '{detail,values_opened}' = '0')))
$$;
revoke all on function ledger.is_entry_of from public;

set role vaka_owner;
