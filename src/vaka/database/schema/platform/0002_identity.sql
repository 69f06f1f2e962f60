-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Accounts, what they may do and where, and their sessions.

create table account (
    id           uuid primary key,
    display_name text not null check (length(display_name) between 1 and 80),
    -- Administrators are a class of their own; no account is both.
    kind         text not null check (kind in ('user', 'administrator')),
    language     text not null default 'sv' check (language in ('sv', 'en')),
    state        text not null default 'active' check (state in ('active', 'deactivated', 'removed')),
    -- A demo persona can exist only in an installation that says it is a demo.
    persona      text unique,
    created_at   timestamptz not null,
    last_signed_in_at timestamptz
);

create table role_grant (
    account_id   uuid not null references account,
    role         text not null,
    -- Null means the supplier's own premises, never "all authorities".
    authority_id uuid references authority,
    granted_at   timestamptz not null,
    valid_until  timestamptz
);
create unique index role_grant_key on role_grant
    (account_id, role, coalesce(authority_id, '00000000-0000-0000-0000-000000000000'));

create table session (
    -- SHA-256 of the token; the token itself is only in the browser.
    token_hash   bytea primary key check (octet_length(token_hash) = 32),
    id           uuid not null unique,
    account_id   uuid not null references account,
    realm        text not null check (realm in ('operator', 'authority', 'administrator')),
    method       text not null,
    created_at   timestamptz not null,
    expires_at   timestamptz not null,
    ended_at     timestamptz
);
create index session_of_account on session (account_id) where ended_at is null;

-- When each account last had a desk open. What an absent one holds goes back to everybody.
create table desk_presence (
    account_id   uuid primary key references account,
    seen_at      timestamptz not null
);

-- What this installation is. A demo can never become production by a setting: the row is written once.
create table installation (
    only_one boolean primary key default true check (only_one),
    mode     text not null check (mode in ('demo', 'production')),
    since    timestamptz not null
);
create function refuse_change() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'the kind of installation is decided once' using errcode = 'insufficient_privilege';
end $$;
create trigger decided_once before update or delete on installation for each row execute function refuse_change();

-- A persona is a way in without proof: only a demo has any.
create function require_demo() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if new.persona is not null and not exists (select 1 from installation where mode = 'demo') then
        raise exception 'a persona can exist only in a demo' using errcode = 'check_violation';
    end if;
    return new;
end $$;
create trigger personas_only_in_demo before insert or update of persona on account
    for each row execute function require_demo();
