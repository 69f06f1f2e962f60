-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- A session is locked when nobody has used it for a while, and goes on past its time while an alarm is in its hands.

-- Locked is not ended: what its owner was about is there again once he has shown that it is he.
alter table session_use add column locked_at timestamptz;

-- Until when it holds, where that is longer than it was opened for.
alter table session add column kept_until timestamptz check (kept_until <= expires_at + interval '2 hours');

-- What is open in other windows is covered, and uncovered, at once.
create function announce_lock() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_notify('session', 'session:' || new.session_id);
    return null;
end $$;
create trigger locking_announced after insert on session_use for each row
    when (new.locked_at is not null) execute function announce_lock();
create trigger announced after update of locked_at on session_use for each row
    when (new.locked_at is distinct from old.locked_at) execute function announce_lock();

-- Lets a session go on past its time, once and for two hours at most, as desk. Whoever calls it has looked that an alarm is
-- in its hands; it ends when that is no longer so. Returns whether it was done.
create function keep_session(p_session uuid, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    owner uuid;
begin
    update session set kept_until = expires_at + interval '2 hours'
    where id = p_session and realm = 'operator' and ended_at is null and kept_until is null and expires_at > p_at
      and expires_at <= p_at + interval '5 minutes'
    returning account_id into owner;
    if owner is null then
        return false;
    end if;
    perform ledger.append(p_at, 'session.kept', 'account:' || owner, 'session:' || p_session, 'success', '{}');
    return true;
end $$;
revoke all on function keep_session from public;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('session', 'update', 'session.kept', 'object', 'session');

-- As before (0026), with what becomes of a session between its beginning and its end.
create or replace function ledger.concerning(
    p_authority uuid, p_since timestamptz, p_until timestamptz, p_size bigint, p_events text[], p_actor text,
    p_object text, p_outcome text, p_before_at timestamptz, p_before_index bigint, p_index bigint, p_most integer
) returns table (index bigint, happened_at timestamptz, event text, actor text, object text, outcome text,
                 subject uuid, concerns uuid, leaf bytea)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with accounts as materialized (
        select distinct i.object as name from entry_index i
        where i.concerns = p_authority and i.event in ('role.granted', 'role.revoked', 'role.requested', 'role.approved')
        union
        select i.object from entry_index i join log_entry e on e.index = i.index
        where i.event = 'account.created'
          and position(convert_to('"kind":"administrator"', 'UTF8') in e.leaf) > 0
    ), own as (
        select i.* from entry_index i
        where i.concerns = p_authority
        union all
        select i.* from entry_index i
        where i.concerns is null
          and i.event in ('settings.changed', 'key.created', 'key.changed', 'schema.migrated', 'row.changed_by_hand',
                          'command.run', 'sign_in.refused', 'installation.decided', 'host.signed_in',
                          'host.accounts_differ')
        union all
        select i.* from entry_index i
        where i.concerns is null and i.event = 'connection.refused' and i.object not like 'device:%'
        union all
        select i.* from entry_index i join accounts a on i.actor = a.name
        where i.concerns is null and i.event in ('session.started', 'session.ended', 'session.locked', 'session.unlocked',
                                                  'session.kept', 'access.denied', 'security_key.enrolled',
                                                  'security_key.renamed', 'security_key.removed', 'security_key.used',
                                                  'security_key.refused')
        union all
        select i.* from entry_index i
        where i.concerns is null and i.event in ('session.ended', 'security_key.removed') and i.actor not like 'account:%'
          and exists (
            select from accounts a join log_entry e on e.index = i.index
            where position(convert_to('"account":"' || a.name || '"', 'UTF8') in e.leaf) > 0)
        union all
        select i.* from entry_index i join accounts a on i.object = a.name
        where i.concerns is null
          and i.event in ('account.created', 'account.invited', 'account.linked', 'account.changed', 'account.deactivated',
                          'account.reactivated', 'account.removed', 'role.granted', 'role.revoked')
    ), wanted as (
        select * from own i
        where i.happened_at >= p_since and i.happened_at < p_until and i.index < p_size
          and (p_index is null or i.index = p_index)
          and (p_before_at is null or (i.happened_at, i.index) < (p_before_at, p_before_index))
          and (p_events is null or i.event = any (p_events))
          and (p_actor is null or i.actor = p_actor)
          and (p_object is null or i.object = p_object)
          and (p_outcome is null or i.outcome = p_outcome)
        order by i.happened_at desc, i.index desc
        limit p_most
    )
    select w.index, w.happened_at, w.event, w.actor, w.object, w.outcome, w.subject, w.concerns, e.leaf
    from wanted w left join log_entry e using (index)
    order by w.happened_at desc, w.index desc
$$;

reset role;

reset role;
