-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The ledger's inbox: what happened, written in the same transaction as the change it records.
-- Present in every database. Nobody may change or remove a row; the sequencer that drains it comes with the tree.

create schema ledger authorization vaka_ledger;
set role vaka_ledger;

create table ledger.inbox (
    id          bigint generated always as identity primary key,
    happened_at timestamptz not null,
    event       text        not null check (event ~ '^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$'),
    actor       text        not null,
    object      text        not null default '',
    outcome     text        not null default 'success' check (outcome in ('success', 'failure')),
    -- Facts about the change: codes, states and opaque identifiers. Never names, numbers or texts of people.
    detail      jsonb       not null default '{}',
    -- Which login role wrote it: a change made by hand shows as such.
    written_by  text        not null default session_user,
    written_at  timestamptz not null default clock_timestamp()
);

create function ledger.refuse_change() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the ledger inbox is insert-only' using errcode = 'insufficient_privilege';
end $$;

create trigger insert_only before update or delete on ledger.inbox
    for each row execute function ledger.refuse_change();
create trigger never_truncated before truncate on ledger.inbox
    for each statement execute function ledger.refuse_change();

create function ledger.append(
    p_happened_at timestamptz, p_event text, p_actor text, p_object text, p_outcome text, p_detail jsonb
) returns bigint
    language sql security definer set search_path = ledger, pg_temp as $$
    insert into ledger.inbox (happened_at, event, actor, object, outcome, detail)
    values (p_happened_at, p_event, p_actor, p_object, p_outcome, p_detail)
    returning id
$$;
revoke all on function ledger.append from public;

reset role;
