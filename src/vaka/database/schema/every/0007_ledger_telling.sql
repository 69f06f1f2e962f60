-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which entry tells of which change of a register. Until now any entry of the transaction would do, and so whoever
-- changed a row could hide it behind an entry about something else.

set role vaka_ledger;

-- Each register's own rows come with the register. What is not here is always by hand.
create table ledger.telling (
    register  text not null,
    operation text not null check (operation in ('insert', 'update', 'delete')),
    event     text not null,
    -- Where the entry names the row, as <kind>:<identifier>; 'nothing' where its object is not the row.
    names     text not null check (names in ('object', 'actor', 'nothing')),
    kind      text not null check ((kind = '') = (names = 'nothing')),
    primary key (register, operation, event)
);
create index telling_by_event on ledger.telling (event);

-- Of an entry that may tell of a register's change: in which transaction. Of all others nothing, so that an alarm pays
-- for no index.
alter table ledger.inbox add column written_in xid8;
create index inbox_by_transaction on ledger.inbox (written_in, event collate "C", left(object, 100) collate "C")
    where written_in is not null;

create or replace function ledger.append(
    p_happened_at timestamptz, p_event text, p_actor text, p_object text, p_outcome text, p_detail jsonb
) returns bigint
    language sql security definer set search_path = ledger, pg_temp as $$
    -- Two events have functions of their own, which look at what they say; here they break the rule that there be one.
    insert into ledger.inbox (happened_at, event, actor, object, outcome, detail, written_in)
    values (p_happened_at, nullif(nullif(p_event, 'retention.set'), 'ledger.pruned'), p_actor, p_object, p_outcome,
            p_detail, case when exists (select from telling t where t.event = p_event) then pg_current_xact_id() end)
    returning id
$$;

-- Whether this transaction has entered such a change of such a row. It is asked for each row of thousands: whatever the
-- planner believes of a table that is empty a moment later, it shall not read the whole of it. Names of tables compare
-- by "C" and what they are compared with then does; so the index does, and it is said.
create function ledger.is_told(p_register text, p_operation text, p_identifier text) returns boolean
    language plpgsql stable security definer set search_path = ledger, pg_temp set enable_seqscan = off as $$
declare
    way telling;
    thing text;
begin
    for way in select t.* from telling t where t.register = p_register and t.operation = p_operation loop
        thing := way.kind || ':' || p_identifier;
        if way.names = 'object' then
            if exists (select from inbox i
                       where i.written_in = pg_current_xact_id() and i.event collate "C" = way.event
                         and left(i.object, 100) collate "C" = left(thing, 100) and i.object = thing
                         and i.outcome = 'success')
            then
                return true;
            end if;
        elsif exists (select from inbox i
                      where i.written_in = pg_current_xact_id() and i.event collate "C" = way.event
                        and i.outcome = 'success' and (way.names = 'nothing' or i.actor = thing))
        then
            return true;
        end if;
    end loop;
    return false;
end $$;
revoke all on function ledger.is_told from public;

reset role;

-- A row that is changed by a statement nobody foresaw (psql, a script, a fault of ours) leaves an entry all the same:
-- who did it is then the login role, and the event's name says that it was by hand. Triggers of this function are
-- deferred to the end of the transaction, because the entry of an ordinary act is written after its change. Their
-- argument is the column that names the row; no other column is read. No act of ours empties a register or gives a row
-- another name.
create or replace function vaka.enter_change_by_hand() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
declare
    identifier text := coalesce(coalesce(to_jsonb(new), to_jsonb(old)) ->> tg_argv[0], '');
begin
    if tg_op = 'TRUNCATE' or (tg_op = 'UPDATE' and to_jsonb(old) ->> tg_argv[0] is distinct from identifier)
       or not ledger.is_told(tg_table_name, lower(tg_op), identifier)
    then
        insert into ledger.inbox (happened_at, event, actor, object, detail)
        values (clock_timestamp(), 'row.changed_by_hand', 'database:' || session_user,
                tg_table_name || ':' || identifier, jsonb_build_object('operation', lower(tg_op)));
    end if;
    return null;
end $$;

-- Nobody marks a transaction any more.
set role vaka_ledger;
drop function ledger.mark;
drop table ledger.marking;
reset role;
