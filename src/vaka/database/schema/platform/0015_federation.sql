-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Signing in by what an issuer asserts: whose account a subject is, how it became that, and what a session rests on.

-- Who a subject of an issuer is. Never another's: neither while it is used nor when it was retired (a tombstone).
create table account_link (
    id            uuid primary key,
    account_id    uuid not null references account,
    issuer        text not null check (length(issuer) between 8 and 500),
    -- HMAC-SHA256 under a key that no database holds: a subject may be a personal number.
    subject_hmac  bytea not null check (octet_length(subject_hmac) = 32),
    -- Of what the invitation had to match; where it changes, somebody has to look.
    matching_hmac bytea not null check (octet_length(matching_hmac) = 32),
    created_at    timestamptz not null,
    retired_at    timestamptz,
    unique (issuer, subject_hmac)
);
-- One human to an account: of one issuer an account has one subject.
create unique index account_link_one_human on account_link (account_id, issuer) where retired_at is null;

create table invitation (
    -- SHA-256 of the code's 128 bits; the code itself is only on its way to whom it is for.
    code_hash     bytea primary key check (octet_length(code_hash) = 32),
    id            uuid not null unique,
    account_id    uuid not null references account,
    realm         text not null check (realm in ('operator', 'authority', 'administrator')),
    attribute     text not null check (length(attribute) between 1 and 120),
    -- HMAC-SHA256 under the code: without the code nobody can try values.
    matching_hmac bytea not null check (octet_length(matching_hmac) = 32),
    created_at    timestamptz not null,
    expires_at    timestamptz not null check (expires_at > created_at and expires_at <= created_at + interval '24 hours'),
    redeemed_at   timestamptz
);

-- A sign-in that has begun in some browser, for minutes. Taking it out is what makes it hold once.
create table pending_login (
    token_hash bytea primary key check (octet_length(token_hash) = 32),
    trust_id   uuid not null references trusted_issuer,
    realm      text not null check (realm in ('operator', 'authority', 'administrator')),
    started_at timestamptz not null
);
create index pending_login_by_age on pending_login (started_at);

alter table session
    add column issuer text,
    add column level  smallint check (level in (3, 4)),
    -- What an issuer asserted has an issuer and a level; there is no session of a federated sign-in without.
    add constraint session_rests_on_something check (method not in ('oidc', 'saml') or (issuer is not null and level is not null));

create constraint trigger entered after insert or update or delete on account_link deferrable initially deferred
    for each row execute function enter_change_by_hand('account_id');
create trigger emptying_entered after truncate on account_link for each statement
    execute function enter_change_by_hand('account_id');
create constraint trigger entered after insert or update or delete on invitation deferrable initially deferred
    for each row execute function enter_change_by_hand('account_id');
create trigger emptying_entered after truncate on invitation for each statement
    execute function enter_change_by_hand('account_id');

-- What was removed stays removed, and what was linked stays where it was linked: identifiers are never another's.
create function keep_tombstone() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'an identifier is never used again' using errcode = 'insufficient_privilege';
end $$;
create trigger removed_for_ever before update of state on account for each row
    when (old.state = 'removed' and new.state <> 'removed') execute function keep_tombstone();
create trigger linked_for_ever before delete or update of account_id, issuer, subject_hmac on account_link
    for each row execute function keep_tombstone();
create trigger retired_for_ever before update of retired_at on account_link for each row
    when (old.retired_at is not null) execute function keep_tombstone();

set role vaka_ledger;
insert into ledger.telling (register, operation, event, names, kind) values
    ('account_link', 'insert', 'account.linked', 'object', 'account'),
    ('invitation', 'insert', 'account.invited', 'object', 'account'),
    ('invitation', 'update', 'account.linked', 'object', 'account');
reset role;
