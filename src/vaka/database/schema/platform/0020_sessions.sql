-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Sessions as their owner sees them, and told of as soon as they end.

-- In which kind of browser it was opened, of a short list: "firefox linux". Nothing by which a machine is known again.
alter table session add column browser text not null default ''
    check (browser ~ '^([a-z]+ [a-z]+)?$' and length(browser) <= 40);

-- When a session was last used, to the minute. Beside the session and not in it: every change of a session is told of in
-- the ledger, and that somebody is at work is not.
create table session_use (
    session_id uuid primary key references session (id),
    used_at    timestamptz not null
);

-- Whoever keeps a live page open looks again at once at what is named here. It is a hint only: whoever hears it reads the
-- session, and ends nothing because somebody said so.
create function announce_session() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_notify('session', 'session:' || new.id);
    return null;
end $$;
create trigger announced after update of ended_at on session for each row
    when (new.ended_at is not null and old.ended_at is null) execute function announce_session();

create function announce_access() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_notify('session', 'account:' || coalesce(new.account_id, old.account_id));
    return null;
end $$;
create trigger announced after insert or update or delete on role_grant for each row execute function announce_access();
