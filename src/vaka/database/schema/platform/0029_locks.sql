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

-- What becomes of a session between its beginning and its end.
insert into ledger.concern (event, whose) values
    ('session.locked', 'actor'), ('session.unlocked', 'actor'), ('session.kept', 'actor');

reset role;
