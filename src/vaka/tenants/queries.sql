-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: list_authorities
-- as: office in platform, receiver in platform, desk in platform, scheduler in platform, trial in platform, setup in platform
select id, slug, name, kind, database_name, address
from authority
where state = 'active'
order by slug

-- name: list_every_authority
-- as: office in platform, portal in platform, registry in platform, scheduler in platform, sequencer in platform, setup in platform
-- Closed ones too: their logs go on being sealed, read and verified.
select id, slug, name, kind, database_name, address
from authority
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
       extract(epoch from exception_until)::float8, sender_may_differ, active, address
from device_entry
where %(since)s::text is null or age(xmin) <= age(%(since)s::text::xid)

-- name: list_held_devices
-- as: receiver in platform
select device_id, exercise_id, since, until from list_held_devices(%(now)s)

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

-- name: lock_units
-- as: setup in tenant
-- Of two who change them at once, the second compares with what the first made.
select pg_advisory_xact_lock(hashtextextended('units', 0))

-- name: list_units
-- as: setup in tenant
select u.id, u.name, u.phone, h.area, h.from_minute, h.until_minute
from unit u
left join unit_hours h on h.unit_id = u.id
order by u.name, u.id

-- name: list_areas_lived_in
-- as: setup in tenant
select distinct area from person where area <> '' order by area

-- name: change_units
-- as: setup in tenant
update unit u set phone = r.phone from jsonb_to_recordset(%(rows)s) as r (id uuid, phone text) where u.id = r.id

-- name: drop_unit_hours
-- as: setup in tenant
delete from unit_hours h
using jsonb_to_recordset(%(rows)s) as r (area text, from_minute smallint)
where h.area = r.area and h.from_minute = r.from_minute

-- name: drop_units
-- as: setup in tenant
delete from unit u using jsonb_to_recordset(%(rows)s) as r (id uuid) where u.id = r.id

-- name: await_number
-- as: registry in tenant
-- Of two who are registered with one number at once, the second waits, and is found then.
select pg_advisory_xact_lock(hashtextextended(encode(%(number)s::bytea, 'hex'), 0))

-- name: find_same_person
-- as: registry in tenant
select id from person where id = %(person)s or personal_number_key = %(number)s::bytea limit 10

-- name: register_people
-- as: setup in tenant, registry in tenant
-- All of it sealed, but for the district and the mark; what stands for numbers is looked up and tells nothing.
insert into person (id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition,
                    street, postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes,
                    key_number, key_box, digital_lock, protected_identity, absent_from, absent_until, absence_reason,
                    personal_number_key, phone_key, address)
select id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition, street,
       postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes, key_number, key_box,
       digital_lock, protected_identity, absent_from, absent_until, absence_reason, personal_number_key, phone_key,
       address
from jsonb_to_recordset(%(rows)s) as r (
    id uuid, given_name bytea, family_name bytea, personal_number bytea, born_on bytea, phone bytea, language bytea,
    hearing bytea, speech bytea, cognition bytea, street bytea, postal_code bytea, city bytea, floor bytea,
    door_code bytea, route bytea, latitude bytea, longitude bytea, area text, risks bytea, care_notes bytea,
    key_number bytea, key_box bytea, digital_lock bytea, protected_identity boolean, absent_from bytea,
    absent_until bytea, absence_reason bytea, personal_number_key bytea, phone_key bytea, address bytea)
on conflict do nothing
returning id

-- name: register_contacts
-- as: setup in tenant, registry in tenant
insert into contact (person_id, position, name, relation, phone, has_key)
select person_id, position, name, relation, phone, has_key
from jsonb_to_recordset(%(rows)s) as r (
    person_id uuid, position smallint, name bytea, relation bytea, phone bytea, has_key bytea)
on conflict do nothing
returning person_id

-- name: register_notes
-- as: setup in tenant, registry in tenant
insert into note (id, person_id, body, must_see, expires_at, written_at)
select id, person_id, body, must_see, expires_at, written_at
from jsonb_to_recordset(%(rows)s) as r (
    id uuid, person_id uuid, body bytea, must_see boolean, expires_at timestamptz, written_at timestamptz)
on conflict do nothing
returning id

-- name: change_people
-- as: setup in tenant, registry in tenant
-- Everything anew, sealed as another edition. Where letters go stays: it belongs to the key.
update person p
set given_name = r.given_name, family_name = r.family_name, personal_number = r.personal_number,
    born_on = r.born_on, phone = r.phone, language = r.language, hearing = r.hearing, speech = r.speech,
    cognition = r.cognition, street = r.street, postal_code = r.postal_code, city = r.city, floor = r.floor,
    door_code = r.door_code, route = r.route, latitude = r.latitude, longitude = r.longitude, area = r.area,
    risks = r.risks, care_notes = r.care_notes, key_number = r.key_number, key_box = r.key_box,
    digital_lock = r.digital_lock, protected_identity = r.protected_identity, absent_from = r.absent_from,
    absent_until = r.absent_until, absence_reason = r.absence_reason, personal_number_key = r.personal_number_key,
    phone_key = r.phone_key
from jsonb_to_recordset(%(rows)s) as r (
    id uuid, given_name bytea, family_name bytea, personal_number bytea, born_on bytea, phone bytea, language bytea,
    hearing bytea, speech bytea, cognition bytea, street bytea, postal_code bytea, city bytea, floor bytea,
    door_code bytea, route bytea, latitude bytea, longitude bytea, area text, risks bytea, care_notes bytea,
    key_number bytea, key_box bytea, digital_lock bytea, protected_identity boolean, absent_from bytea,
    absent_until bytea, absence_reason bytea, personal_number_key bytea, phone_key bytea)
where p.id = r.id
returning p.id

-- name: forget_about_people
-- as: setup in tenant, registry in tenant
-- What is not written anew would not open either.
with contacts as (delete from contact where person_id = any(%(ids)s))
delete from note where person_id = any(%(ids)s)

-- name: lock_people
-- as: registry in tenant
select id from person where id = any(%(people)s) order by id for update

-- name: read_sealed_people
-- as: setup in tenant, registry in tenant
select id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition, street,
       postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes, key_number, key_box,
       digital_lock, protected_identity, absent_from, absent_until, absence_reason
from person
where id = any(%(people)s)

-- name: read_sealed_contacts
-- as: setup in tenant, registry in tenant
select person_id, position, name, relation, phone, has_key
from contact
where person_id = any(%(people)s)
order by person_id, position

-- name: read_sealed_notes
-- as: setup in tenant, registry in tenant
select id, person_id, body, must_see, expires_at, written_at
from note
where person_id = any(%(people)s)
order by written_at, id

-- name: keep_devices
-- as: setup in tenant, desk in tenant
with new as (
    insert into device (id, person_id, sender, model, device_type, interval_seconds, supervised, subject_id, number,
                        placed)
    select id, person_id, sender, model, device_type, interval_seconds, supervised, subject_id, number, placed
    from jsonb_to_recordset(%(rows)s) as r (
        id uuid, person_id uuid, sender text, model text, device_type smallint, interval_seconds integer,
        supervised boolean, subject_id uuid, number bytea, placed bytea)
    on conflict do nothing
    returning id
)
insert into device_state (device_id, condition, changed_at)
select id, 'never', %(now)s from new
returning device_id

-- name: change_devices
-- as: setup in tenant
-- A column that is not told stays as it is. A device out of use is not looked for when it is silent. Whether letters
-- say something else than before, only who opens them knows: `rewrites` says that they are written anew, `words` which
-- of them say something new.
with wanted as (
    select d.id,
        case when 'personal_number' = any(%(told)s::text[]) then r.person_id else d.person_id end as person_id,
        case when 'device_type' = any(%(told)s) then r.device_type else d.device_type end as device_type,
        case when 'model' = any(%(told)s) then r.model else d.model end as model,
        case when r.rewrites then r.subject_id else d.subject_id end as subject_id,
        case when r.rewrites then r.number else d.number end as number,
        case when r.rewrites then r.placed else d.placed end as placed, nullif(r.words, '') as words,
        case when %(told)s && '{kind,interval_seconds}' then r.interval_seconds else d.interval_seconds end
            as interval_seconds,
        case when 'in_use' = any(%(told)s) then r.in_use else d.supervised end as supervised
    from jsonb_to_recordset(%(rows)s) as r (
        person_id uuid, sender text, model text, device_type smallint, interval_seconds integer, in_use boolean,
        rewrites boolean, words text, subject_id uuid, number bytea, placed bytea)
    join device d on d.sender = r.sender
), compared as (
    select w.*, concat_ws(',',
        case when d.person_id is distinct from w.person_id then 'person' end,
        case when d.device_type <> w.device_type then 'device_type' end,
        case when d.model <> w.model then 'model' end,
        w.words,
        case when d.interval_seconds <> w.interval_seconds then 'interval' end,
        case when d.supervised <> w.supervised then 'supervised' end) as fields
    from wanted w join device d on d.id = w.id
)
update device d
set person_id = c.person_id, device_type = c.device_type, model = c.model, subject_id = c.subject_id,
    number = c.number, placed = c.placed, interval_seconds = c.interval_seconds, supervised = c.supervised
from compared c
where d.id = c.id and c.fields <> ''
returning d.id, c.fields

-- name: find_devices
-- as: setup in tenant, desk in tenant
select sender, id from device where sender = any(%(senders)s)

-- name: read_device_words
-- as: setup in tenant
select id, sender, person_id, subject_id, number, placed from device where sender = any(%(senders)s) for update

-- name: find_addresses
-- as: setup in tenant, desk in tenant
select id, address from person where id = any(%(ids)s)

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

-- name: keep_on_call_phone
-- as: setup in tenant
update policy set on_call_phone = %(phone)s where on_call_phone = ''

-- name: set_on_call_phone
-- as: setup in tenant
update policy set on_call_phone = %(phone)s where on_call_phone <> %(phone)s

-- name: has_on_call_phone
-- as: setup in tenant
select on_call_phone <> '' from policy

-- name: read_limits
-- as: setup in tenant
select amber_after_seconds, red_after_seconds, ring_all_after_seconds, on_call_after_seconds, repeat_window_seconds,
       mass_silence_percent, mass_silence_minimum, lost_grace_seconds, away_after_seconds
from policy

-- name: set_limits
-- as: setup in tenant
update policy
set amber_after_seconds = %(amber_after_seconds)s, red_after_seconds = %(red_after_seconds)s,
    ring_all_after_seconds = %(ring_all_after_seconds)s, on_call_after_seconds = %(on_call_after_seconds)s,
    repeat_window_seconds = %(repeat_window_seconds)s, mass_silence_percent = %(mass_silence_percent)s,
    mass_silence_minimum = %(mass_silence_minimum)s, lost_grace_seconds = %(lost_grace_seconds)s,
    away_after_seconds = %(away_after_seconds)s

-- ── Registering: in the platform's directory ─────────────────────────────────────────────────────────────────────

-- name: find_authority
-- as: setup in platform
select id, slug, name, kind, database_name, address from authority where slug = %(slug)s

-- name: list_registered
-- as: setup in platform
select slug, name, kind, state, created_at from authority order by slug

-- name: enter_authority
-- as: setup in platform
insert into authority (id, slug, name, kind, database_name, address, created_at)
values (%(id)s, %(slug)s, %(name)s, %(kind)s, %(database_name)s, %(address)s, %(now)s)

-- name: find_taken_senders
-- as: setup in platform, desk in platform
select 1 from device_entry where sender = any(%(senders)s) and authority_id <> %(authority_id)s limit 1

-- name: find_held_exercise
-- as: setup in platform
select authority_id, ends_at from find_held_exercise(%(exercise)s, %(now)s)

-- name: enter_exercise_devices
-- as: setup in platform
select register_exercise_devices(%(exercise)s, %(made)s, %(actor)s, %(now)s)

-- name: keep_exercise_devices
-- as: setup in tenant
select register_exercise_devices(%(exercise)s, %(made)s, %(ends_at)s, %(actor)s, %(now)s)

-- name: enter_trial_device
-- as: setup in platform
select register_trial_device(%(authority)s, %(device)s, %(sender)s, %(ha1_sha256)s, %(device_type)s::smallint, %(actor)s, %(now)s)

-- name: list_kept_trial_devices
-- as: setup in tenant, scheduler in tenant
select device_id, sender from list_trial_devices()

-- name: list_trial_devices
-- as: trial in platform, scheduler in platform, setup in platform
select authority_id, device_id, sender, living_since from list_trial_devices()

-- name: keep_trial_device
-- as: setup in tenant
select register_trial_device(%(device)s, %(sender)s, %(actor)s, %(now)s)

-- name: enter_devices
-- as: setup in platform, desk in platform
insert into device_entry (sender, authority_id, device_id, person_id, address, device_type, authentication, username,
                          ha1_md5, ha1_sha256, certificate_sha256, network, exception_reason, exception_until,
                          sender_may_differ, interval_seconds, changed_at)
select sender, authority_id, device_id, person_id, address, device_type, authentication, username, ha1_md5, ha1_sha256,
       certificate_sha256, network, exception_reason, exception_until, sender_may_differ, interval_seconds, %(now)s
from jsonb_to_recordset(%(rows)s) as r (
    sender text, authority_id uuid, device_id uuid, person_id uuid, address bytea, device_type smallint,
    authentication text, username text, ha1_md5 text, ha1_sha256 text, certificate_sha256 text, network cidr, exception_reason text,
    exception_until timestamptz, sender_may_differ boolean, interval_seconds integer)
on conflict (sender) do nothing
returning device_id

-- name: change_entries
-- as: setup in platform
-- How a device proves itself is told always, and replaced wholly.
with wanted as (
    select e.sender, r.authentication, r.username, r.ha1_md5, r.ha1_sha256, r.certificate_sha256, r.network,
        r.exception_reason, r.exception_until,
        case when 'personal_number' = any(%(told)s::text[]) then r.person_id else e.person_id end as person_id,
        case when 'personal_number' = any(%(told)s) then r.address else e.address end as address,
        case when 'device_type' = any(%(told)s) then r.device_type else e.device_type end as device_type,
        case when %(told)s && '{kind,interval_seconds}' then r.interval_seconds else e.interval_seconds end
            as interval_seconds,
        case when 'in_use' = any(%(told)s) then r.in_use else e.active end as active
    from jsonb_to_recordset(%(rows)s) as r (
        sender text, person_id uuid, address bytea, device_type smallint, authentication text, username text,
        ha1_md5 text, ha1_sha256 text, certificate_sha256 text, network cidr, exception_reason text, exception_until timestamptz,
        interval_seconds integer, in_use boolean)
    join device_entry e on e.sender = r.sender and e.authority_id = %(authority_id)s
), compared as (
    select w.*, concat_ws(',',
        case when (e.authentication, e.username, e.ha1_md5, e.ha1_sha256, e.certificate_sha256, e.network,
                   e.exception_reason, e.exception_until)
             is distinct from (w.authentication, w.username, w.ha1_md5, w.ha1_sha256, w.certificate_sha256, w.network,
                               w.exception_reason, w.exception_until) then 'authentication' end,
        case when (e.person_id, e.address) is distinct from (w.person_id, w.address) then 'person' end,
        case when e.device_type <> w.device_type then 'device_type' end,
        case when e.interval_seconds <> w.interval_seconds then 'interval' end,
        case when e.active <> w.active then 'in_use' end) as fields
    from wanted w join device_entry e on e.sender = w.sender
)
update device_entry e
set authentication = c.authentication, username = c.username, ha1_md5 = c.ha1_md5, ha1_sha256 = c.ha1_sha256,
    certificate_sha256 = c.certificate_sha256, network = c.network, exception_reason = c.exception_reason,
    exception_until = c.exception_until, person_id = c.person_id, address = c.address, device_type = c.device_type,
    interval_seconds = c.interval_seconds, active = c.active, changed_at = %(now)s
from compared c
where e.sender = c.sender and c.fields <> ''
returning e.device_id, c.fields, e.authentication

-- name: list_own_overrides
-- as: setup in platform
select message_type, device_type, status_code, alarm_class, reason
from class_override
where authority_id = %(authority_id)s
order by message_type nulls first, device_type nulls first, status_code nulls first

-- name: set_override
-- as: setup in platform
insert into class_override (authority_id, message_type, device_type, status_code, alarm_class, reason, changed_at)
values (%(authority_id)s, %(message_type)s, %(device_type)s, %(status_code)s, %(alarm_class)s, %(reason)s, %(now)s)
on conflict (authority_id, coalesce(message_type, ''), coalesce(device_type, -1), coalesce(status_code, -1))
do update set alarm_class = excluded.alarm_class, reason = excluded.reason, changed_at = excluded.changed_at

-- name: drop_override
-- as: setup in platform
delete from class_override
where authority_id = %(authority_id)s and message_type is not distinct from %(message_type)s
  and device_type is not distinct from %(device_type)s and status_code is not distinct from %(status_code)s

-- ── Whom and what the entries of a log concern ───────────────────────────────────────────────────────────────────

-- name: find_people
-- as: portal in tenant
-- Who was found by a name comes by identifier: names are searched where they can be read, and that is not here.
select id, given_name, family_name, personal_number, born_on, protected_identity
from person
where personal_number_key = any(%(numbers)s::bytea[]) or id = any(%(ids)s::uuid[])
   or (phone_key = %(phone)s::bytea and not protected_identity)
order by id
limit %(most)s

-- name: name_people
-- as: portal in tenant
select id, given_name, family_name, protected_identity from person where id = any (%(ids)s)

-- name: find_person_by_number
-- as: setup in tenant, desk in tenant
-- Ten digits may be of two people a hundred years apart: then neither is found.
select id from person where personal_number_key = any(%(numbers)s::bytea[]) limit 2

-- name: mark_people
-- as: desk in tenant, portal in tenant
-- As for the directory of devices: everything written before and visible now is known after reading.
select pg_snapshot_xmin(pg_current_snapshot())::xid::text as transaction, count(*) as people
from person

-- name: list_names
-- as: desk in tenant, portal in tenant
select id, given_name, family_name, protected_identity
from person
where %(since)s::text is null or age(xmin) <= age(%(since)s::text::xid)
order by id

-- name: list_people
-- as: desk in tenant, portal in tenant
select id from person

-- name: list_things_of_person
-- as: portal in tenant
select thing from (
    select 'device:' || id as thing, id from device where person_id = %(person)s
    union all
    (select 'alarm:' || id, id from alarm where person_id = %(person)s order by id desc limit %(most)s)
) things
limit %(most)s

-- name: list_people_of_things
-- as: portal in tenant
select id, person_id from alarm where id = any (%(alarms)s) and person_id is not null
union all
select id, person_id from device where id = any (%(devices)s) and person_id is not null

-- name: name_units
-- as: portal in tenant
select id, name from unit where id = any (%(ids)s)

-- ── Legal holds, as portal: in an authority's database ───────────────────────────────────────────────────────────

-- name: place_hold
-- as: portal in tenant
select place_hold(%(person)s, %(now)s, %(actor)s, %(reason)s)

-- name: lift_hold
-- as: portal in tenant
select lift_hold(%(person)s)

-- name: list_holds
-- as: portal in tenant
select person_id, placed_at, placed_by, reason
from legal_hold
order by placed_at desc, person_id
limit %(most)s

-- ── Sealed values that are refused ───────────────────────────────────────────────────────────────────────────────

-- name: tell_refused
-- as: desk in tenant
select tell_refused(%(table)s, %(row)s, %(values)s, %(now)s)

-- name: read_log_size
-- as: scheduler in tenant
select size from ledger.head

-- name: list_editions
-- as: scheduler in tenant
-- Entries of a stretch of the log that say by which edition something was written anew.
select leaf
from ledger.log_entry
where index >= %(start)s and index < %(end)s
  and (position('},"event":"person.changed","id":'::bytea in leaf) > 0
       or position('},"event":"device.changed","id":'::bytea in leaf) > 0)
order by index

-- name: page_of_people
-- as: desk in tenant
select id, id as subject_id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech,
       cognition, street, postal_code, city, floor, door_code, route, latitude, longitude, risks, care_notes,
       key_number, key_box, digital_lock, absent_from, absent_until, absence_reason
from person
where id > %(after)s
order by id
limit %(most)s

-- name: page_of_contacts
-- as: desk in tenant
select person_id as subject_id, position, name, relation, phone, has_key
from contact
where (person_id, position) > (%(after)s, %(position)s)
order by person_id, position
limit %(most)s

-- name: page_of_notes
-- as: desk in tenant
select id, person_id as subject_id, body from note where id > %(after)s order by id limit %(most)s

-- name: page_of_devices
-- as: desk in tenant
select id, subject_id, number, placed
from device
where id > %(after)s and subject_id is not null
order by id
limit %(most)s

-- name: page_of_messages
-- as: desk in tenant
select id, subject_id, texts from message where id > %(after)s order by id limit %(most)s

-- name: page_of_alarm_notes
-- as: desk in tenant
select id, subject_id, body from alarm_note where id > %(after)s order by id limit %(most)s

-- ── Erasure of people ────────────────────────────────────────────────────────────────────────────────────────────

-- name: list_erasure_orders
-- as: portal in tenant, scheduler in tenant
select id, person_id, decision, ordered_by, ordered_at, state, hindrance, decided_by, decided_at, removed_at, erased_at,
       removed, destroyed, entry, attempted, attempt_entry
from erasure_order
order by ordered_at desc, id desc

-- name: list_erased_orders
-- as: setup in tenant
select id, person_id, removed_at from erasure_order where state in ('erased', 'certified') order by erased_at, id

-- name: find_ended_order
-- as: setup in tenant
select id, null::uuid as person_id, released_at as removed_at
from authority_ending
where state in ('erased', 'certified')

-- name: read_erasure_certificate
-- as: portal in tenant
select certificate as document, signature, public_key as key from erasure_order where id = %(order)s and certificate is not null

-- name: list_returned
-- as: portal in tenant
select order_id, subject_id, hindrance, found_at from returned order by found_at, subject_id

-- name: order_erasure
-- as: portal in tenant
select order_erasure(%(order)s, %(person)s, %(decision)s, %(account)s, %(now)s)

-- name: decide_erasure
-- as: portal in tenant
select decide_erasure(%(order)s, %(verdict)s, %(account)s, %(now)s)

-- name: read_sealed_name
-- as: scheduler in tenant
select given_name, family_name from person where id = %(person)s

-- name: begin_erasure
-- as: scheduler in tenant
select begin_erasure(%(order)s, %(now)s)

-- name: complete_erasure
-- as: scheduler in tenant
select complete_erasure(%(order)s, %(facts)s, %(now)s)

-- name: hinder_erasure
-- as: scheduler in tenant
select hinder_erasure(%(order)s, %(hindrance)s, %(now)s)

-- name: enter_erasure_attempt
-- as: scheduler in tenant
select enter_erasure_attempt(%(order)s, %(outcome)s, %(now)s)

-- name: certify_erasure
-- as: scheduler in tenant
select certify_erasure(%(order)s, %(document)s, %(signature)s, %(key)s, %(now)s)

-- name: find_returned
-- as: scheduler in tenant
select id from person where id = any(%(ids)s)
union
select person_id from alarm where person_id = any(%(ids)s)

-- name: count_deciders
-- as: scheduler in platform
select count(distinct a.human)
from account a join effective_grant g on g.account_id = a.id
where a.id = any(%(accounts)s) and a.state = 'active' and g.role = any(%(roles)s) and g.authority_id = %(authority)s
  and (g.valid_until is null or g.valid_until > %(now)s)

-- name: remove_erased_again
-- as: scheduler in tenant
select remove_erased_again(%(person)s, %(order)s, %(now)s)

-- name: release_devices
-- as: scheduler in platform
select release_devices(%(authority)s, %(person)s, %(order)s, %(now)s)

-- ── Taking out everything, as portal: in an authority's database ─────────────────────────────────────────────────

-- name: begin_export
-- as: portal in tenant
select begin_export(%(export)s, %(account)s, %(reason)s, %(now)s)

-- name: read_export
-- as: portal in tenant
select key, row_read as content from read_export(%(export)s, %(what)s, %(after)s, %(most)s)

-- name: read_directory
-- as: portal in platform
select key, row_read as content from read_directory(%(authority)s, %(what)s, %(after)s, %(most)s)

-- name: complete_export
-- as: portal in tenant
select complete_export(%(export)s, %(sha256)s, %(size)s, %(row_count)s, %(unopened)s, %(now)s)

-- name: list_exports
-- as: portal in tenant
select id, account, reason, begun_at, completed_at, digest, size, row_count, unopened
from authority_export
order by begun_at desc
limit %(most)s

-- ── The end of a contract ────────────────────────────────────────────────────────────────────────────────────────

-- name: list_endings
-- as: portal in tenant, scheduler in tenant
select id, decision, export_digest, no_export, ordered_by, ordered_at, state, hindrance, decided_by, decided_at, wait_days,
       released_at, removed_at, erased_at, removed, destroyed, entry, attempted, attempt_entry, due
from list_endings()

-- name: read_ending_certificate
-- as: portal in tenant
select certificate as document, signature, public_key as key from authority_ending where id = %(order)s and certificate is not null

-- name: order_ending
-- as: portal in tenant
select order_ending(%(order)s, %(decision)s, %(sha256)s, %(no_export)s, %(account)s, %(now)s)

-- name: decide_ending
-- as: portal in tenant
select decide_ending(%(order)s, %(verdict)s, %(account)s, %(days)s, %(now)s)

-- name: read_sealed_names
-- as: scheduler in tenant
select id, given_name, family_name from person order by id limit %(most)s

-- name: begin_ending
-- as: scheduler in tenant
select begin_ending(%(order)s, %(now)s)

-- name: remove_of_ending
-- as: scheduler in tenant
select remove_of_ending(%(order)s, %(most)s, %(now)s)

-- name: complete_ending
-- as: scheduler in tenant
select complete_ending(%(order)s, %(facts)s, %(now)s)

-- name: hinder_ending
-- as: scheduler in tenant
select hinder_ending(%(order)s, %(hindrance)s, %(now)s)

-- name: enter_ending_attempt
-- as: scheduler in tenant
select enter_ending_attempt(%(order)s, %(outcome)s, %(now)s)

-- name: certify_ending
-- as: scheduler in tenant
select certify_ending(%(order)s, %(document)s, %(signature)s, %(key)s, %(now)s)

-- name: remove_ended_again
-- as: scheduler in tenant
select remove_ended_again(%(order)s, %(ended_at)s, %(most)s, %(now)s)

-- name: release_authority
-- as: scheduler in platform
select release_authority(%(authority)s, %(order)s, %(now)s)

-- name: close_authority
-- as: scheduler in platform
select close_authority(%(authority)s, %(order)s, %(now)s)

-- name: read_activation
-- as: setup in tenant, portal in tenant
select activation_in_force()

-- name: list_activation
-- as: portal in tenant
select id, rules, digest, reason, proposed_at, proposed_by, approved_at, approved_by, withdrawn_at, withdrawn_by, since
from list_activation()

-- name: propose_activation
-- as: portal in tenant
select propose_activation(%(id)s, %(rules)s, %(reason)s, %(now)s, %(actor)s)

-- name: approve_activation
-- as: portal in tenant
select approve_activation(%(id)s, %(digest)s, %(alone)s, %(now)s, %(actor)s)

-- name: withdraw_activation
-- as: portal in tenant
select withdraw_activation(%(id)s, %(now)s, %(actor)s)

-- name: read_device_secrets
-- as: setup in tenant
select d.sender, s.set_at, s.fingerprint
from device d join device_secret s on s.device_id = d.id
order by s.set_at desc

-- name: keep_device_secrets
-- as: setup in tenant
-- One that is the newest already is no new one: how old it is goes on.
insert into device_secret (device_id, set_at, length, kinds, fingerprint)
select d.id, %(now)s, r.length, r.kinds, r.fingerprint
from jsonb_to_recordset(%(rows)s::jsonb) as r (sender text, length smallint, kinds smallint, fingerprint bytea)
join device d on d.sender = r.sender
where not exists (
    select from device_secret s
    where s.device_id = d.id and s.fingerprint = r.fingerprint
      and s.set_at = (select max(n.set_at) from device_secret n where n.device_id = d.id))
returning device_id

-- name: list_device_secrets
-- as: portal in tenant
select distinct on (d.id) d.id as device_id, d.sender, d.model, s.set_at, s.length, s.kinds
from device d left join device_secret s on s.device_id = d.id
where d.id = any (%(devices)s)
order by d.id, s.set_at desc

-- name: list_proving_by_digest
-- as: portal in platform
select device_id from list_digest_devices(%(authority_id)s)
