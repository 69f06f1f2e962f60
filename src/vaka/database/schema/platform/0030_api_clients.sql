-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Programs of an authority's own that ask its interface for programs: who answers for each, what it may, until when, by
-- which keys it proves itself; and the tokens they have, for minutes. No secret of theirs is here: of keys the public half,
-- of tokens the SHA-256.

create table api_client (
    id           uuid primary key,
    authority_id uuid        not null references authority,
    -- Who registered it. It is worth something only as long as he is, and never more than he.
    owner        uuid        not null references account,
    purpose      text        not null check (purpose ~ '\S' and length(purpose) <= 200),
    -- Permissions, by their names in vaka.access.permissions.
    scopes       text[]      not null check (cardinality(scopes) between 1 and 20),
    -- A JWK set of public keys (RFC 7517), as canonical JSON.
    keys         text        not null check (octet_length(keys) between 2 and 8000),
    created_at   timestamptz not null,
    ends_at      timestamptz not null check (ends_at > created_at),
    ended_at     timestamptz,
    ended_by     uuid references account,
    check ((ended_at is null) = (ended_by is null))
);
create index api_client_of_authority on api_client (authority_id);

create table api_token (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    id         uuid        not null unique,
    client_id  uuid        not null references api_client,
    issued_at  timestamptz not null,
    expires_at timestamptz not null check (expires_at <= issued_at + interval '10 minutes')
);
create index api_token_expires on api_token (expires_at);

-- Which assertions were accepted, so that none is twice; kept for as long as one could be good.
create table api_assertion (
    client_id  uuid        not null references api_client,
    jti_hash   bytea       not null check (octet_length(jti_hash) = 32),
    expires_at timestamptz not null,
    primary key (client_id, jti_hash)
);
create index api_assertion_expires on api_assertion (expires_at);

create constraint trigger entered after insert or update or delete on api_client deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on api_client for each statement execute function enter_change_by_hand('id');

-- What a registration's entry is bound to: exactly this client.
create function client_digest(
    p_id uuid, p_authority uuid, p_owner uuid, p_scopes text[], p_keys text, p_ends timestamptz
) returns text
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(concat_ws(' ', 'client', p_id, p_authority, p_owner, array_to_string(p_scopes, ','),
                                              extract(epoch from p_ends), p_keys), 'UTF8')), 'hex')
$$;
revoke all on function client_digest from public;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('api_client', 'insert', 'client.registered', 'object', 'client'),
    ('api_client', 'update', 'client.ended', 'object', 'client');

alter table ledger.inbox add constraint clients_are_the_authoritys check (
    event not in ('client.registered', 'client.ended', 'client.admitted') or written_by ~ '_portal$');

-- Whether the log, sealed or waiting, knows exactly this client as registered, and not as ended: a row that somebody put
-- here, changed, or opened again has no such entry, and is worth nothing.
create function ledger.is_client_told(p_client uuid, p_digest text) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with sealed as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = 'client:' || p_client and i.event in ('client.registered', 'client.ended')
    ), said as (
        select leaf ->> 'event' as event, leaf ->> 'object' as object, leaf ->> 'outcome' as outcome,
               leaf ->> 'written_by' as written_by, leaf -> 'detail' ->> 'digest' as digest
        from sealed
        union all
        select i.event, i.object, i.outcome, i.written_by, i.detail ->> 'digest'
        from inbox i where i.object = 'client:' || p_client and i.event in ('client.registered', 'client.ended')
    ), own as (
        select * from said where object = 'client:' || p_client and outcome = 'success' and written_by ~ '_portal$'
    )
    select exists (select from own where event = 'client.registered' and digest = p_digest)
       and not exists (select from own where event = 'client.ended')
$$;
revoke all on function ledger.is_client_told from public;

reset role;
