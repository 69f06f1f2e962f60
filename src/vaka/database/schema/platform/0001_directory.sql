-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Who the authorities are, which device belongs to whom, and how each device proves itself.

create table authority (
    id            uuid primary key,
    slug          text not null unique check (slug ~ '^[a-z][a-z0-9_]{1,30}$'),
    name          text not null,
    -- 'intake' is the supplier's own reception: alarms whose sender nobody has registered are kept and shown there.
    kind          text not null default 'authority' check (kind in ('authority', 'intake')),
    database_name text not null unique,
    state         text not null default 'active' check (state in ('active', 'closed')),
    created_at    timestamptz not null
);
create unique index one_intake on authority (kind) where kind = 'intake';

create table device_entry (
    -- The identity a device states: controller id, or the user part of From where it states no other.
    sender         text primary key check (sender ~ '^[[:graph:]]{1,64}$'),
    authority_id   uuid not null references authority,
    device_id      uuid not null unique,
    person_id      uuid,
    device_type    smallint not null default 0,
    -- How it proves itself. 'network' is the legacy exception and must say why and until when.
    authentication text not null check (authentication in ('digest', 'certificate', 'network')),
    username       text,
    ha1_md5        text check (ha1_md5 ~ '^[0-9a-f]{32}$'),
    ha1_sha256     text check (ha1_sha256 ~ '^[0-9a-f]{64}$'),
    certificate_sha256 text check (certificate_sha256 ~ '^[0-9a-f]{64}$'),
    network        cidr,
    exception_reason text,
    exception_until  timestamptz,
    -- Whether From may differ from the controller id in the body.
    sender_may_differ boolean not null default false,
    interval_seconds integer not null default 300 check (interval_seconds between 10 and 604800),
    active         boolean not null default true,
    changed_at     timestamptz not null,
    check (authentication <> 'digest' or (username is not null and (ha1_md5 is not null or ha1_sha256 is not null))),
    check (authentication <> 'certificate' or certificate_sha256 is not null),
    check (authentication <> 'network'
           or (network is not null and exception_until is not null and length(exception_reason) >= 10))
);
create index device_entry_changed on device_entry (changed_at);

-- An authority's own view of what a code means; the most specific row wins. Null means "any"; for the message type it
-- means events and information (ME, IN): heartbeats and resets are concerned only where they are named.
create table class_override (
    id            bigint generated always as identity primary key,
    authority_id  uuid not null references authority,
    message_type  text check (message_type in ('ME', 'RE', 'IN', 'PI')),
    device_type   smallint,
    status_code   smallint,
    alarm_class   text not null check (alarm_class in ('life', 'request', 'technical', 'test', 'heartbeat', 'signal')),
    reason        text not null check (length(reason) >= 3),
    changed_at    timestamptz not null
);
create unique index class_override_key on class_override
    (authority_id, coalesce(message_type, ''), coalesce(device_type, -1), coalesce(status_code, -1));

-- Which receivers are up. Supervision trusts silence only while someone was listening.
create table receiver_presence (
    instance   text primary key,
    started_at timestamptz not null,
    beat_at    timestamptz not null
);

create function tell_directory_changed() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_notify('directory', '');
    return null;
end $$;
create trigger tell_changed after insert or update or delete on device_entry
    for each statement execute function tell_directory_changed();
create trigger tell_changed after insert or update or delete on class_override
    for each statement execute function tell_directory_changed();
create trigger tell_changed after insert or update or delete on authority
    for each statement execute function tell_directory_changed();
