-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Whether the ledger stands, for those who must not act while it does not; and changes nobody wrote an entry about.

set role vaka_ledger;

-- When the log was last sealed and signed (where it was sealed and never signed, sealed), and since when its oldest
-- entry waits. Both are null where nothing was ever written.
create function ledger.standing() returns table (sealed_at timestamptz, waiting_since timestamptz)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select coalesce((select c.signed_at from checkpoint c order by c.size desc limit 1),
                    (select h.sequenced_at from head h where h.size > 0)),
           (select i.written_at from inbox i order by i.id limit 1)
$$;
revoke all on function ledger.standing from public;

reset role;

-- A row that is changed by a statement nobody foresaw (psql, a script, a fault of ours) leaves an entry all the same:
-- who did it is then the login role, and the event's name says that it was by hand. Triggers of this function are
-- deferred to the end of the transaction, because the entry of an ordinary act is written after its change; that there
-- is one, its mark says, which no session can make up. Their
-- argument is the column that names the row; no other column is read.
create function vaka.enter_change_by_hand() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    changed jsonb := coalesce(to_jsonb(new), to_jsonb(old));
begin
    if coalesce(current_setting('ledger.entered', true), '') <> ledger.mark() then
        insert into ledger.inbox (happened_at, event, actor, object, detail)
        values (clock_timestamp(), 'row.changed_by_hand', 'database:' || session_user,
                tg_table_name || ':' || coalesce(changed ->> tg_argv[0], ''),
                jsonb_build_object('operation', lower(tg_op)));
    end if;
    return null;
end $$;
alter function vaka.enter_change_by_hand owner to vaka_owner;
revoke all on function vaka.enter_change_by_hand from public;
