-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The ledger's inbox: what happened, written in the same transaction as the change it records.
-- Present in every database. Nobody may change a row, and only the sequencer takes rows out, through ledger.drain.

create schema ledger authorization vaka_ledger;
set role vaka_ledger;

create table ledger.inbox (
    id          bigint generated always as identity primary key,
    -- Finite, and a year of four digits: what cannot be written into a leaf would hold up everything behind it.
    happened_at timestamptz not null check (happened_at >= '2000-01-01Z' and happened_at < '9999-01-01Z'),
    event       text        not null check (event ~ '^[a-z]+(_[a-z]+)*\.[a-z]+(_[a-z]+)*$'),
    actor       text        not null,
    object      text        not null default '',
    outcome     text        not null default 'success' check (outcome in ('success', 'failure')),
    -- Facts about the change: codes, states and opaque identifiers. Never names, numbers or texts of people.
    detail      jsonb       not null default '{}',
    -- Which login role wrote it: a change made by hand shows as such.
    written_by  text        not null default session_user,
    written_at  timestamptz not null default clock_timestamp(),
    -- Whether the clock that gave happened_at was in step with the world's, as the session's process last read it of its
    -- own machine. Any other word means that nobody knows.
    clock       text        not null default case current_setting('ledger.clock', true)
        when 'synchronised' then 'synchronised' when 'unsynchronised' then 'unsynchronised' else 'unknown' end,
    -- Which database session wrote it (when it first wrote, in microseconds, and its process id) and which of that
    -- session's entries this is, counted from 1. Both stand in settings of the session, so that nobody waits for
    -- anybody, and a rollback takes the number back together with its row: a number that is missing between two others
    -- was taken out of this table before it was sealed.
    source      text        not null default coalesce(
        nullif(current_setting('ledger.source', true), ''),
        set_config('ledger.source', to_hex((extract(epoch from clock_timestamp()) * 1000000)::bigint) || '-'
                                    || to_hex(pg_backend_pid()), false)),
    number      bigint      not null default set_config(
        'ledger.number',
        (coalesce(nullif(current_setting('ledger.number', true), ''), '0')::bigint + 1)::text, false)::bigint,
    -- What lets entries be removed is said by the authority's own component, and what was removed by the sequencer.
    constraint retention_is_the_authoritys check (event <> 'retention.set' or written_by ~ '_portal$'),
    constraint pruning_is_the_sequencers
        check (event not in ('ledger.pruned', 'ledger.heartbeat') or written_by ~ '_sequencer$')
);

create function ledger.refuse_change() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the ledger is insert-only' using errcode = 'insufficient_privilege';
end $$;

-- The login role decides, not the role somebody has set: the superuser who becomes the owner is refused as well.
create function ledger.refuse_all_but_the_sequencer() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    if current_user <> 'vaka_ledger' or not exists (
        select from pg_auth_members a
        where a.member = session_user::regrole and a.roleid = 'g_sequencer'::regrole)
    then
        raise exception 'only the sequencer takes entries out' using errcode = 'insufficient_privilege';
    end if;
    return null;
end $$;

create trigger insert_only before update on ledger.inbox
    for each row execute function ledger.refuse_change();
create trigger only_drained before delete on ledger.inbox
    for each statement execute function ledger.refuse_all_but_the_sequencer();
create trigger never_truncated before truncate on ledger.inbox
    for each statement execute function ledger.refuse_change();

-- What only somebody who knows the secret can say of a transaction: that it has written an entry.
create table ledger.marking (
    only_one boolean primary key default true check (only_one),
    secret   bytea   not null default sha256(uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()))
);
insert into ledger.marking default values;

create function ledger.mark() returns text
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select encode(sha256(secret || convert_to(pg_current_xact_id()::text, 'UTF8')), 'hex') from marking
$$;
revoke all on function ledger.mark from public;

create function ledger.append(
    p_happened_at timestamptz, p_event text, p_actor text, p_object text, p_outcome text, p_detail jsonb
) returns bigint
    language sql security definer set search_path = ledger, pg_temp as $$
    -- Until the transaction ends: what it changes has its entry, and needs none that says "by hand".
    select set_config('ledger.entered', mark(), true);
    -- Two events have functions of their own, which look at what they say; here they break the rule that there be one.
    insert into ledger.inbox (happened_at, event, actor, object, outcome, detail)
    values (p_happened_at, nullif(nullif(p_event, 'retention.set'), 'ledger.pruned'), p_actor, p_object, p_outcome,
            p_detail)
    returning id
$$;
revoke all on function ledger.append from public;

-- The sequencer's only way to the inbox: takes out the oldest entries, at most so many.
create function ledger.drain(most integer) returns setof ledger.inbox
    language sql security definer set search_path = ledger, pg_temp as $$
    with drained as (
        delete from inbox where id = any (array(select id from inbox order by id limit most)) returning *
    )
    select * from drained order by id
$$;
revoke all on function ledger.drain from public;

reset role;
