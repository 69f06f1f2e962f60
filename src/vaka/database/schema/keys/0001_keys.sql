-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The key database. Nothing here is readable without the root key, which lies elsewhere: whoever takes this database, or
-- a backup of it, has wrapped keys and nothing that opens them. Only keyholder connects to it.

-- One row, once there is anything. The generation is counted up by every rotation and erasure, here and in the root
-- store: they differ where one of the two was put back from a backup.
create table store (
    only_one boolean primary key default true check (only_one),
    id uuid not null,
    generation bigint not null check (generation >= 1),
    root_version integer not null check (root_version >= 1)
);

-- An authority has one key-encryption key at a time, wrapped by the current root: whatever was under the one before is
-- wrapped anew in the transaction that replaces it. A wrapped key is nonce (12), key (32) and tag (16).
create table authority_key (
    authority_id uuid primary key,
    version integer not null check (version >= 1),
    wrapped bytea not null check (length(wrapped) = 60),
    created_at timestamptz not null
);

-- A person's data key, wrapped by the authority's. The address is the public half of what letters to the person are
-- sealed with; it is bound to the wrapped key, so that nobody can put his own in its place.
create table subject_key (
    authority_id uuid not null,
    subject_id uuid not null,
    version integer not null check (version between 1 and 65535),
    address bytea not null check (length(address) = 32),
    wrapped bytea not null check (length(wrapped) = 60),
    created_at timestamptz not null,
    primary key (authority_id, subject_id, version)
);

-- What blind lookups are made with.
create table lookup_key (
    authority_id uuid not null,
    purpose text not null check (purpose in ('personal_number', 'phone', 'device')),
    wrapped bytea not null check (length(wrapped) = 60),
    created_at timestamptz not null,
    primary key (authority_id, purpose)
);

-- Erasures that were carried out, so that an order that is given again after a crash is not carried out twice.
create table erasure (
    order_id uuid primary key,
    authority_id uuid not null,
    whole boolean not null,
    subjects integer not null check (subjects >= 0),
    rewrapped integer not null check (rewrapped >= 0),
    key_destroyed integer not null,
    key_new integer,
    root_destroyed integer not null,
    root_new integer not null,
    generation bigint not null,
    erased_at timestamptz not null
);
-- An authority that was erased is not opened again.
create unique index on erasure (authority_id) where whole;

-- Who was erased gets no new key: a restored copy of an authority's database names people that are gone. The identifiers
-- are random and say nothing of anybody.
create table erased_subject (
    authority_id uuid not null,
    subject_id uuid not null,
    order_id uuid not null references erasure,
    primary key (authority_id, subject_id)
);

-- Which keys there are and were: never material (term 18).
create table key_register (
    kind text not null check (kind in ('root', 'authority', 'lookup')),
    owner text not null,
    purpose text not null default '',
    version integer not null,
    created_at timestamptz not null,
    destroyed_at timestamptz,
    primary key (kind, owner, purpose, version)
);
