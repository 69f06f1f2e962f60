-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- People's security keys (WebAuthn): public halves, and the challenges that are being answered.

create table security_key (
    id            uuid primary key,
    account_id    uuid not null references account,
    -- What its owner calls it.
    name          text not null check (length(name) between 1 and 40),
    credential_id bytea not null unique check (octet_length(credential_id) between 1 and 1023),
    public_key    bytea not null check (octet_length(public_key) between 32 and 1024),
    algorithm     text not null check (algorithm in ('ECDSA-P256-SHA256', 'Ed25519')),
    -- Which model the key says it is (AAGUID); believed only where `attested`.
    model         uuid not null,
    -- For which site it was made (the relying party's identifier).
    site          text not null check (length(site) between 1 and 253),
    -- Whether it cannot be copied to another device.
    device_bound  boolean not null,
    attested      boolean not null,
    sign_count    bigint not null check (sign_count between 0 and 4294967295),
    added_at      timestamptz not null,
    last_used_at  timestamptz,
    -- HMAC over everything that never changes, under a key that the database does not have. Without it a row is no key.
    binding       bytea not null check (octet_length(binding) = 32)
);
create index security_key_of_account on security_key (account_id);

create table security_key_challenge (
    -- SHA-256 of the challenge.
    challenge_hash bytea primary key check (octet_length(challenge_hash) = 32),
    session_id     uuid not null references session (id),
    -- 'enrol' a new key, or confirm an 'act' by touching one.
    purpose        text not null check (purpose in ('enrol', 'act')),
    -- Of an act: what was hashed together with it.
    random         bytea check (octet_length(random) = 32),
    issued_at      timestamptz not null,
    expires_at     timestamptz not null check (expires_at <= issued_at + interval '5 minutes'),
    used_at        timestamptz,
    check ((purpose = 'act') = (random is not null))
);
create index security_key_challenge_of_session on security_key_challenge (session_id, issued_at);
create index security_key_challenge_by_age on security_key_challenge (expires_at);

create constraint trigger entered after insert or update or delete on security_key deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on security_key
    for each statement execute function enter_change_by_hand('id');

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('security_key', 'insert', 'security_key.enrolled', 'object', 'security_key'),
    ('security_key', 'update', 'security_key.used', 'object', 'security_key'),
    ('security_key', 'update', 'security_key.renamed', 'object', 'security_key'),
    ('security_key', 'delete', 'security_key.removed', 'object', 'security_key');

reset role;
