-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Protected configuration (term 17): how settings, credentials and rights were when a recorded command left them, and what
-- is otherwise now. Digests alone: nothing of what stands in a file.

create table protected_state (
    name        text primary key check (name ~ '^(file|rights|roles):[!-~]{1,200}$'),
    digest      text not null check (digest ~ '^[0-9a-f]{64}$'),
    accepted_at timestamptz not null
);
comment on table protected_state is 'What is protected, and the SHA-256 of how it was accepted.';

create table drift (
    name         text primary key check (name ~ '^(file|rights|roles):[!-~]{1,200}$'),
    change       text not null check (change in ('changed', 'missing', 'added')),
    since        timestamptz not null,
    digest       text,
    authority_id uuid references authority
);
comment on table drift is 'What is not as it was accepted, since it was first seen so; whose it is, where it is one authority''s.';

create table protected_look (
    one       boolean primary key default true check (one),
    looked_at timestamptz not null
);
comment on table protected_look is 'When it was last looked.';

-- The authority that a protected thing belongs to, by the name of its database; none where it is everybody's.
create function authority_protected(p_name text) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id from authority a
    where p_name = 'rights:' || a.database_name or p_name like 'file:credentials/' || a.database_name || '\_%'
    order by length(a.database_name) desc limit 1
$$;
revoke all on function authority_protected from public;

-- Accepts how things are, as setup; a digest that is null means that there is none any more. One entry.
create function accept_state(p_names text[], p_digests text[], p_first boolean, p_actor text, p_at timestamptz)
    returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if cardinality(p_names) = 0 then
        return 0;
    end if;
    delete from protected_state s using unnest(p_names, p_digests) as n (name, digest)
    where s.name = n.name and n.digest is null;
    insert into protected_state (name, digest, accepted_at)
    select n.name, n.digest, p_at from unnest(p_names, p_digests) as n (name, digest) where n.digest is not null
    on conflict (name) do update set digest = excluded.digest, accepted_at = excluded.accepted_at;
    perform ledger.append(p_at, 'settings.accepted', p_actor, 'settings:protected', 'success', jsonb_build_object(
        'count', cardinality(p_names), 'first', p_first,
        'things', (select left(string_agg(n, ' ' order by n), 500) from unnest(p_names) n
                  where authority_protected(n) is null)));
    return cardinality(p_names);
end $$;
revoke all on function accept_state from public;

-- Compares what the scheduler sees with what was accepted; what could not be looked at is left as it was. One entry for
-- each thing that is otherwise from now on, or otherwise once more, and for each that is as accepted again. Returns how
-- many are otherwise. Before anything was accepted there is nothing to compare with.
create function tell_drift(p_seen jsonb, p_unseen text[], p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    other record;
begin
    if not exists (select from protected_state) then
        return 0;
    end if;
    for other in
        select coalesce(s.name, o.key) as name, o.value as digest,
               case when o.value is null then 'missing' when s.name is null then 'added' else 'changed' end as change
        from protected_state s full join jsonb_each_text(p_seen) o on o.key = s.name
        where s.digest is distinct from o.value and coalesce(s.name, o.key) <> all (p_unseen)
          and not exists (select from drift d where d.name = coalesce(s.name, o.key)
                                                and d.digest is not distinct from o.value)
        order by 1 limit 100
    loop
        insert into drift (name, change, since, digest, authority_id)
        values (other.name, other.change, p_at, other.digest, authority_protected(other.name))
        on conflict (name) do update set change = excluded.change, digest = excluded.digest;
        perform ledger.append(p_at, 'settings.drifted', 'scheduler', 'settings:' || other.name, 'success',
                              jsonb_strip_nulls(jsonb_build_object('state', other.change,
                                                                   'authority', authority_protected(other.name))));
    end loop;
    for other in
        delete from drift d
        where d.name <> all (p_unseen)
          and (p_seen ->> d.name) is not distinct from (select s.digest from protected_state s where s.name = d.name)
        returning d.name, d.authority_id
    loop
        perform ledger.append(p_at, 'settings.settled', 'scheduler', 'settings:' || other.name, 'success',
                              jsonb_strip_nulls(jsonb_build_object('authority', other.authority_id)));
    end loop;
    insert into protected_look (looked_at) values (p_at) on conflict (one) do update set looked_at = excluded.looked_at;
    return (select count(*) from drift);
end $$;
revoke all on function tell_drift from public;

-- A row that is changed by hand is told of: whoever would hide what he did has to accept it here first.
do $$
declare
    guarded text;
begin
    foreach guarded in array array['protected_state', 'drift'] loop
        execute format('create constraint trigger entered after insert or update or delete on %I deferrable initially '
                       'deferred for each row execute function enter_change_by_hand(%L)', guarded, 'name');
        execute format('create trigger emptying_entered after truncate on %I for each statement '
                       'execute function enter_change_by_hand(%L)', guarded, 'name');
    end loop;
end $$;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('protected_state', 'insert', 'settings.accepted', 'nothing', ''),
    ('protected_state', 'update', 'settings.accepted', 'nothing', ''),
    ('protected_state', 'delete', 'settings.accepted', 'nothing', ''),
    ('drift', 'insert', 'settings.drifted', 'object', 'settings'),
    ('drift', 'update', 'settings.drifted', 'object', 'settings'),
    ('drift', 'delete', 'settings.settled', 'object', 'settings');

-- Only the scheduler says that something is otherwise, or is as accepted again.
alter table ledger.inbox add constraint drift_is_the_schedulers
    check (event not in ('settings.drifted', 'settings.settled') or written_by = 'vaka_scheduler');

-- The protected configuration is every authority's business, and so are commands that nobody stood behind.
insert into ledger.concern (event, whose) values
    ('settings.drifted', 'everybody'), ('settings.settled', 'everybody'), ('settings.accepted', 'everybody'),
    ('database.visited', 'everybody'), ('command.unproved', 'everybody');

reset role;
