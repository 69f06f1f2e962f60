-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- One authority's people in care, their homes, contacts and devices, and the units that answer for them.

create table unit (
    id    uuid primary key,
    name  text not null,
    phone text not null default ''
);

-- Which unit answers for an area at which time of day (minutes after local midnight; may pass midnight).
create table unit_hours (
    area          text     not null,
    from_minute   smallint not null check (from_minute between 0 and 1439),
    until_minute  smallint not null check (until_minute between 0 and 1439),
    unit_id       uuid     not null references unit,
    primary key (area, from_minute)
);

create table person (
    id              uuid primary key,
    given_name      text not null,
    family_name     text not null,
    personal_number text not null default '',
    born_on         date,
    phone           text not null default '',
    language        text not null default 'svenska',
    hearing         text not null default '',
    speech          text not null default '',
    cognition       text not null default '',
    street          text not null default '',
    postal_code     text not null default '',
    city            text not null default '',
    floor           text not null default '',
    door_code       text not null default '',
    route           text not null default '',
    latitude        double precision check (latitude between -90 and 90),
    longitude       double precision check (longitude between -180 and 180),
    area            text not null default '',
    risks           text[] not null default '{}',
    care_notes      text not null default '',
    key_number      text not null default '',
    key_box         text not null default '',
    digital_lock    text not null default '',
    protected_identity boolean not null default false,
    absent_from     timestamptz,
    absent_until    timestamptz,
    absence_reason  text not null default ''
);

create table contact (
    person_id uuid     not null references person on delete cascade,
    position  smallint not null check (position between 1 and 20),
    name      text     not null,
    relation  text     not null default '',
    phone     text     not null,
    has_key   boolean  not null default false,
    primary key (person_id, position)
);

create table note (
    id         uuid primary key,
    person_id  uuid not null references person on delete cascade,
    body       text not null check (length(body) between 1 and 1000),
    must_see   boolean not null default false,
    expires_at timestamptz,
    written_at timestamptz not null
);
create index note_of_person on note (person_id);

create table device (
    id               uuid primary key,
    person_id        uuid references person,
    sender           text not null unique,
    model            text not null default '',
    device_type      smallint not null default 0,
    placed           text not null default '',
    interval_seconds integer not null default 300 check (interval_seconds between 10 and 604800),
    supervised       boolean not null default true
);
create index device_of_person on device (person_id);

-- Narrow and without an index on last_seen, so that signs of life stay heap-only updates.
create table device_state (
    device_id  uuid primary key references device on delete cascade,
    last_seen  timestamptz,
    condition  text not null default 'never' check (condition in ('never', 'online', 'late', 'lost')),
    changed_at timestamptz not null
) with (fillfactor = 70);
