-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Where the entry with a number is, for whoever was given the number and asks for its receipt.

set role vaka_ledger;

-- One look at inbox and log: an entry is moved from one to the other in one transaction, so it is in neither only where
-- somebody took it away, where it was removed for its age (it is older than the first that the newest removal left), or
-- where its transaction was undone, and then nobody was given its number.
create function ledger.whereabouts(p_id bigint) returns text
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select case
        when exists (select from inbox i where i.id = p_id) then 'waits'
        when exists (select from log_entry e where e.id = p_id) then 'stands'
        when p_id < 1 or p_id > (select case when s.is_called then s.last_value else 0 end from inbox_id_seq s)
            then 'never_given'
        when p_id < (
            select e.id from log_entry e
            where e.index > (
                -- No leaf can make this fail, whatever somebody has written into it.
                select substring(encode(p.leaf, 'escape') from '"last":([0-9]{1,18})')::bigint from log_entry p
                where position('},"event":"ledger.pruned","id":'::bytea in p.leaf) > 0 order by p.index desc limit 1)
            order by e.index limit 1)
            then 'removed'
        else 'gone'
    end
$$;
revoke all on function ledger.whereabouts from public;

reset role;
