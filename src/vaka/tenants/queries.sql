-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: list_authorities
-- as: receiver in platform, desk in platform, signin in platform, scheduler in platform, sequencer in platform, setup in platform
select id, slug, name, kind, database_name
from authority
where state = 'active'
order by slug

-- name: mark_directory
-- as: receiver in platform
-- Everything written before this transaction and visible now is known after reading; the rest is read next time. That
-- needs no clocks to agree, which a "changed since" would.
select pg_snapshot_xmin(pg_current_snapshot())::xid::text as transaction, count(*) as entries
from device_entry

-- name: read_entries
-- as: receiver in platform
select sender, authority_id, uuid_send(device_id), uuid_send(person_id), device_type, authentication, username,
       decode(ha1_md5, 'hex'), decode(ha1_sha256, 'hex'), decode(certificate_sha256, 'hex'), network::text,
       extract(epoch from exception_until)::float8, sender_may_differ, active
from device_entry
where %(since)s::text is null or age(xmin) <= age(%(since)s::text::xid)

-- name: list_overrides
-- as: receiver in platform
select authority_id, message_type, device_type, status_code, alarm_class
from class_override

-- ── Registering, as setup: in an authority's database ────────────────────────────────────────────────────────────

-- name: register_units
-- as: setup in tenant
insert into unit (id, name, phone)
select id, name, phone from jsonb_to_recordset(%(rows)s) as r (id uuid, name text, phone text)
on conflict do nothing
returning id

-- name: register_unit_hours
-- as: setup in tenant
insert into unit_hours (area, from_minute, until_minute, unit_id)
select area, from_minute, until_minute, unit_id
from jsonb_to_recordset(%(rows)s) as r (area text, from_minute smallint, until_minute smallint, unit_id uuid)
on conflict do nothing
returning unit_id

-- name: register_people
-- as: setup in tenant
insert into person (id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition,
                    street, postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes,
                    key_number, key_box, digital_lock, protected_identity, absent_from, absent_until, absence_reason)
select id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition, street,
       postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes, key_number, key_box,
       digital_lock, protected_identity, absent_from, absent_until, absence_reason
from jsonb_to_recordset(%(rows)s) as r (
    id uuid, given_name text, family_name text, personal_number text, born_on date, phone text, language text,
    hearing text, speech text, cognition text, street text, postal_code text, city text, floor text, door_code text,
    route text, latitude double precision, longitude double precision, area text, risks text[], care_notes text,
    key_number text, key_box text, digital_lock text, protected_identity boolean, absent_from timestamptz,
    absent_until timestamptz, absence_reason text)
on conflict do nothing
returning id

-- name: register_contacts
-- as: setup in tenant
insert into contact (person_id, position, name, relation, phone, has_key)
select person_id, position, name, relation, phone, has_key
from jsonb_to_recordset(%(rows)s) as r (
    person_id uuid, position smallint, name text, relation text, phone text, has_key boolean)
on conflict do nothing
returning person_id

-- name: register_notes
-- as: setup in tenant
insert into note (id, person_id, body, must_see, expires_at, written_at)
select id, person_id, body, must_see, expires_at, written_at
from jsonb_to_recordset(%(rows)s) as r (
    id uuid, person_id uuid, body text, must_see boolean, expires_at timestamptz, written_at timestamptz)
on conflict do nothing
returning id

-- name: keep_devices
-- as: setup in tenant, desk in tenant
with new as (
    insert into device (id, person_id, sender, model, device_type, placed, interval_seconds, supervised)
    select id, person_id, sender, model, device_type, placed, interval_seconds, supervised
    from jsonb_to_recordset(%(rows)s) as r (
        id uuid, person_id uuid, sender text, model text, device_type smallint, placed text, interval_seconds integer,
        supervised boolean)
    on conflict do nothing
    returning id
)
insert into device_state (device_id, condition, changed_at)
select id, 'never', %(now)s from new
returning device_id

-- name: find_devices
-- as: setup in tenant, desk in tenant
select sender, id from device where sender = any(%(senders)s)

-- name: keep_closing_codes
-- as: setup in tenant
insert into closing_code (list, code, sv, en, position)
select list, code, sv, en, position
from jsonb_to_recordset(%(rows)s) as r (list text, code text, sv text, en text, position smallint)
on conflict do nothing
returning code

-- name: keep_greeting
-- as: setup in tenant
update policy set greeting = %(greeting)s where greeting = '' returning greeting

-- ── Registering: in the platform's directory ─────────────────────────────────────────────────────────────────────

-- name: find_authority
-- as: setup in platform
select id, slug, name, kind, database_name from authority where slug = %(slug)s

-- name: enter_authority
-- as: setup in platform
insert into authority (id, slug, name, kind, database_name, created_at)
values (%(id)s, %(slug)s, %(name)s, %(kind)s, %(database_name)s, %(now)s)

-- name: find_taken_senders
-- as: setup in platform, desk in platform
select 1 from device_entry where sender = any(%(senders)s) and authority_id <> %(authority_id)s limit 1

-- name: enter_devices
-- as: setup in platform, desk in platform
insert into device_entry (sender, authority_id, device_id, person_id, device_type, authentication, username, ha1_md5,
                          ha1_sha256, certificate_sha256, network, exception_reason, exception_until,
                          sender_may_differ, interval_seconds, changed_at)
select sender, authority_id, device_id, person_id, device_type, authentication, username, ha1_md5, ha1_sha256,
       certificate_sha256, network, exception_reason, exception_until, sender_may_differ, interval_seconds, %(now)s
from jsonb_to_recordset(%(rows)s) as r (
    sender text, authority_id uuid, device_id uuid, person_id uuid, device_type smallint, authentication text,
    username text, ha1_md5 text, ha1_sha256 text, certificate_sha256 text, network cidr, exception_reason text,
    exception_until timestamptz, sender_may_differ boolean, interval_seconds integer)
on conflict (sender) do nothing
returning device_id
