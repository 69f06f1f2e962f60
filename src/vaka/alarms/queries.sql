-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in an authority's database. Every change names the states it may start from: no row updated means that somebody
-- else was first, and nothing happened.

-- ── Reading ──────────────────────────────────────────────────────────────────────────────────────────────────────

-- name: read_queue
-- as: desk
with moment as (
    select extract(hour from t)::int * 60 + extract(minute from t)::int as minute
    from (select %(now)s::timestamptz at time zone 'Europe/Stockholm' as t) as here
)
select a.id, a.class as alarm_class, a.kind, a.latest_kind, a.state, a.person_id,
       p.given_name, p.family_name,
       coalesce(p.protected_identity, false) as protected_identity,
       coalesce(p.area, '') as area, coalesce(u.name, '') as unit_name, coalesce(u.phone, '') as unit_phone,
       a.device_id, a.sender, a.device_type, a.status_code, a.location_code,
       least(a.received_at, a.part_received_at) as received_at, a.latest_at, a.messages, a.parts, a.presented_at,
       a.taken_at, a.holder, a.offered_to,
       a.suspended_until, a.withdrawn_at, a.escalation,
       a.state = 'taken' and (a.escalate_at is not null or a.escalation > 0) as unheard,
       a.exercise_id is not null as is_exercise, a.version,
       said.id as said_id, said.subject_id as said_subject, said.texts as said_texts,
       registered.subject_id as device_subject, registered.number as device_number
from alarm a
cross join moment
left join person p on p.id = a.person_id
left join message said on said.id = a.first_message and p.id is null
left join device registered on registered.id = a.device_id and p.id is null
left join lateral (
    select n.name, n.phone
    from unit_hours h
    join unit n on n.id = h.unit_id
    where h.area = p.area
      and case when h.from_minute < h.until_minute
               then minute >= h.from_minute and minute < h.until_minute
               else minute >= h.from_minute or minute < h.until_minute end
    order by (minute - h.from_minute + 1440) %% 1440
    limit 1
) as u on true
where a.state not in ('merged', 'closed')
  and (%(ids)s::uuid[] is null or a.id = any(%(ids)s::uuid[]))
order by a.exercise_id is not null, array_position(array['life', 'request', 'technical', 'test'], a.class),
         least(a.received_at, a.part_received_at), a.id
limit %(limit)s

-- name: read_alarm
-- as: desk, scheduler
select id, class as alarm_class, kind, latest_kind, state, join_key, person_id, device_id, sender, device_type,
       status_code, location_code, first_message, position_message, received_at, latest_at, messages,
       presented_at, taken_at, holder, offered_to, suspended_until, withdrawn_at, escalation, escalate_at,
       merged_into, parts, part_received_at, closed_at, closed_by, closing_reason, closing_action, closing_result,
       closing_note, exercise_id, version
from alarm
where id = %(id)s

-- name: read_texts
-- as: desk
-- What devices said, in letters.
select id, subject_id, texts from message where id = any(%(ids)s)

-- name: read_person
-- as: desk
select id, given_name, family_name, personal_number, born_on, phone, language, hearing, speech, cognition, street,
       postal_code, city, floor, door_code, route, latitude, longitude, area, risks, care_notes, key_number, key_box,
       digital_lock, protected_identity, absent_from, absent_until, absence_reason
from person
where id = %(id)s

-- name: read_contacts
-- as: desk
select position, name, relation, phone, has_key from contact where person_id = %(id)s order by position

-- name: read_person_notes
-- as: desk
select id, body, must_see, expires_at, written_at
from note
where person_id = %(id)s and (expires_at is null or expires_at > %(now)s)
order by must_see desc, written_at desc

-- name: read_devices
-- as: desk
select d.id, d.sender, d.model, d.device_type, d.subject_id, d.number, d.placed, d.interval_seconds, d.supervised,
       s.last_seen,
       coalesce(s.condition, 'never') as condition, s.changed_at
from device d
left join device_state s on s.device_id = d.id
where d.id = %(device_id)s or d.person_id = %(person_id)s
order by d.id
limit 50

-- name: read_unit_now
-- as: desk
with moment as (
    select extract(hour from t)::int * 60 + extract(minute from t)::int as minute
    from (select %(now)s::timestamptz at time zone 'Europe/Stockholm' as t) as here
)
select u.id, u.name, u.phone, h.until_minute
from unit_hours h
cross join moment
join unit u on u.id = h.unit_id
where h.area = %(area)s
  and case when h.from_minute < h.until_minute
           then minute >= h.from_minute and minute < h.until_minute
           else minute >= h.from_minute or minute < h.until_minute end
order by (minute - h.from_minute + 1440) %% 1440
limit 1

-- name: read_messages
-- as: desk
-- Those of an alarm that was merged into this one belong to its story.
with recursive told (id) as (
    select %(id)s::uuid union all select a.id from told join alarm a on a.merged_into = told.id
)
select id, kind, effect, ref, received_at, transport, deviations
from message
where alarm_id in (select id from told)
order by received_at desc, id desc
limit 200

-- name: read_parts
-- as: desk
-- What was made part of it, and of that in turn.
with recursive part as (
    select a.* from alarm a where a.merged_into = %(id)s
    union all
    select a.* from part join alarm a on a.merged_into = part.id
)
select part.id, part.class as alarm_class, part.latest_kind, part.person_id,
       p.given_name, p.family_name,
       coalesce(p.protected_identity, false) as protected_identity, part.sender, part.received_at, part.device_id,
       said.id as said_id, said.subject_id as said_subject, said.texts as said_texts,
       registered.subject_id as device_subject, registered.number as device_number
from part
left join person p on p.id = part.person_id
left join message said on said.id = part.first_message and p.id is null
left join device registered on registered.id = part.device_id and p.id is null
order by part.received_at, part.id
limit 50

-- name: read_targets
-- as: desk
-- What an operator holds that another alarm can become part of: nothing goes into what is less urgent. Whether two live
-- at one address is told where addresses can be read.
with this as (select * from alarm where id = %(id)s)
select a.id, p.given_name, p.family_name, p.street, p.postal_code, p.city, a.person_id,
       coalesce(p.protected_identity, false) as protected_identity, a.sender, a.latest_kind, a.received_at, a.version,
       coalesce(a.person_id = this.person_id, a.person_id is null and this.person_id is null and a.sender = this.sender)
           as same, a.device_id,
       said.id as said_id, said.subject_id as said_subject, said.texts as said_texts,
       registered.subject_id as device_subject, registered.number as device_number
from alarm a
cross join this
left join person p on p.id = a.person_id
left join message said on said.id = a.first_message and p.id is null
left join device registered on registered.id = a.device_id and p.id is null
where a.state = 'taken' and a.holder = %(account)s and a.id <> this.id
  and a.exercise_id is not distinct from this.exercise_id
  and array_position(array['life', 'request', 'technical', 'test'], a.class)
      <= array_position(array['life', 'request', 'technical', 'test'], this.class)
order by a.received_at, a.id
limit 200

-- name: read_address
-- as: desk
-- Of whom an alarm is about.
select p.id, p.street, p.postal_code, p.city from alarm a join person p on p.id = a.person_id where a.id = %(id)s

-- name: read_steps
-- as: desk
select at, step, actor, detail from alarm_step where alarm_id = %(id)s order by at, id limit 500

-- name: read_alarm_notes
-- as: desk
select id, written_at, written_by, subject_id, body from alarm_note where alarm_id = %(id)s order by written_at, id limit 200

-- name: read_earlier
-- as: desk
select a.id, a.class as alarm_class, a.kind, a.state, a.received_at, a.closed_at, a.closing_reason, a.closing_action,
       a.closing_result, a.closing_note, n.subject_id as closing_subject, n.body as closing_body,
       a.exercise_id is not null as is_exercise,
       (a.received_at at time zone 'Europe/Stockholm')::date = (%(now)s::timestamptz at time zone 'Europe/Stockholm')::date
           as today
from alarm a
left join alarm_note n on n.id = a.closing_note
where (a.person_id = %(person_id)s
       or (%(person_id)s::uuid is null and a.person_id is null and a.sender = %(sender)s))
  and a.id <> %(id)s and not a.trial and a.received_at > %(now)s::timestamptz - interval '30 days'
order by a.received_at desc
limit 100

-- name: read_history
-- as: desk
select a.id, a.class as alarm_class, a.kind, a.state, a.person_id,
       p.given_name, p.family_name,
       coalesce(p.protected_identity, false) as protected_identity,
       a.sender, a.received_at, a.taken_at, a.closed_at, a.closed_by, a.closing_reason, a.closing_action,
       a.closing_result, a.closing_note, n.subject_id as closing_subject, n.body as closing_body, a.merged_into,
       a.messages, a.escalation, a.exercise_id is not null as is_exercise, a.device_id,
       said.id as said_id, said.subject_id as said_subject, said.texts as said_texts,
       registered.subject_id as device_subject, registered.number as device_number
from alarm a
left join person p on p.id = a.person_id
left join message said on said.id = a.first_message and p.id is null
left join device registered on registered.id = a.device_id and p.id is null
left join alarm_note n on n.id = a.closing_note
where a.closed_at is not null and not a.trial and a.closed_at >= %(since)s and a.closed_at < %(until)s
  and (%(beyond_id)s::uuid is null or (a.closed_at, a.id) < (%(beyond_at)s::timestamptz, %(beyond_id)s::uuid))
  and (%(person_id)s::uuid is null or a.person_id = %(person_id)s)
  and (not %(by_text)s or a.sender = %(sender)s::text
       or a.person_id = any(%(people)s::uuid[]))
order by a.closed_at desc, a.id desc
limit %(limit)s

-- name: read_policy
-- as: desk, scheduler
select amber_after_seconds, red_after_seconds, ring_all_after_seconds, on_call_after_seconds, on_call_phone, greeting,
       repeat_window_seconds, mass_silence_percent, mass_silence_minimum, lost_grace_seconds
from policy

-- name: read_closing_codes
-- as: desk
select list, code, sv, en, position
from closing_code
where active
order by array_position(array['reason', 'action', 'result'], list), position, code

-- name: has_taken
-- as: desk
select exists (select from alarm where state not in ('merged', 'closed') and state = 'taken' and holder = %(account)s)

-- name: read_numbers
-- as: desk
select count(*)::int as open,
       (count(*) filter (where state in ('received', 'presented')))::int as waiting,
       extract(epoch from %(now)s - min(least(received_at, part_received_at))
               filter (where state in ('received', 'presented')))::int
           as oldest_seconds,
       (count(*) filter (where state in ('received', 'presented') and class = 'life'))::int as life_waiting,
       extract(epoch from %(now)s - min(least(received_at, part_received_at))
               filter (where state in ('received', 'presented') and class = 'life'))::int as oldest_life_seconds
from alarm
where state not in ('merged', 'closed') and exercise_id is null

-- ── What operators do ────────────────────────────────────────────────────────────────────────────────────────────

-- name: take_alarm
-- as: desk
-- What a colleague laid aside is anyone's; what he offered is the offered one's, or his own to take back.
update alarm
set state = 'taken', holder = %(account)s, offered_to = null, suspended_until = null,
    taken_at = coalesce(taken_at, %(now)s), escalation = 0, escalate_at = null, version = version + 1
where id = %(id)s
  and (state in ('received', 'presented', 'suspended', 'withdrawn')
       or (state = 'handed_over' and %(account)s in (offered_to, holder)))

-- name: take_over_alarm
-- as: desk
-- The version is the one at which it was decided that this operator may.
update alarm
set holder = %(account)s, escalation = 0, escalate_at = null, version = version + 1
where id = %(id)s and state = 'taken' and holder = %(from)s and version = %(version)s

-- name: hear_alarm
-- as: desk
update alarm
set escalation = 0, escalate_at = null, version = version + 1
where id = %(id)s and state = 'taken' and holder = %(account)s and (escalate_at is not null or escalation > 0)
  and (%(version)s::int is null or version = %(version)s)

-- name: release_alarm
-- as: desk
update alarm
set state = 'presented', holder = null, offered_to = null, suspended_until = null, escalation = 0,
    escalate_at = case when class = 'life' then %(now)s::timestamptz + make_interval(
        secs => (select ring_all_after_seconds from policy)) end,
    version = version + 1
where id = %(id)s and state in ('taken', 'suspended', 'handed_over') and holder = %(account)s

-- name: suspend_alarm
-- as: desk
update alarm
set state = 'suspended', suspended_until = %(until)s, escalation = 0, escalate_at = null, version = version + 1
where id = %(id)s and state = 'taken' and holder = %(account)s
  and (%(version)s::int is null or version = %(version)s)

-- name: resume_alarm
-- as: desk
update alarm
set state = 'taken', offered_to = null, suspended_until = null, version = version + 1
where id = %(id)s and state in ('suspended', 'handed_over') and holder = %(account)s

-- name: hand_over_alarm
-- as: desk
update alarm
set state = 'handed_over', offered_to = %(to)s, suspended_until = %(until)s, escalation = 0, escalate_at = null,
    version = version + 1
where id = %(id)s and state = 'taken' and holder = %(account)s
  and (%(version)s::int is null or version = %(version)s)

-- name: present_alarms
-- as: desk
update alarm
set state = 'presented', presented_at = coalesce(presented_at, %(now)s), version = version + 1
where id in (select id from alarm where id = any(%(ids)s) and state = 'received' order by id for update skip locked)
returning id

-- name: close_alarm
-- as: desk
-- The version is what the operator saw, where that is known: a message nobody has read must not end with the others.
update alarm
set state = 'closed', holder = null, escalate_at = null, closed_at = %(now)s, closed_by = %(actor)s,
    closing_reason = %(reason)s, closing_action = %(action)s, closing_result = %(result)s, closing_note = %(note)s,
    version = version + 1
where id = %(id)s and state = 'taken' and holder = %(account)s
  and (%(version)s::int is null or version = %(version)s)

-- name: acknowledge_alarm
-- as: desk
update alarm
set state = 'closed', escalate_at = null, closed_at = %(now)s, closed_by = %(actor)s, closing_action = 'none',
    closing_result = 'cancelled_by_user', version = version + 1
where id = %(id)s and state = 'withdrawn'
  and (%(version)s::int is null or version = %(version)s)

-- name: find_urgent
-- as: desk
select person_id is null and device_id is null and parts = 0 as strange
from alarm
where id = any(%(ids)s) and class not in ('technical', 'test')
order by strange
limit 1

-- name: close_alarms
-- as: desk
update alarm
set state = 'closed', escalate_at = null, closed_at = %(now)s, closed_by = %(actor)s, closing_reason = %(reason)s,
    closing_action = %(action)s, closing_result = %(result)s,
    closing_note = (%(notes)s::uuid[])[array_position(%(ids)s::uuid[], id)], version = version + 1
where id in (select id from alarm
             where id = any(%(ids)s) and state in ('received', 'presented', 'withdrawn')
               -- What has come since the list was read is nobody's to end unread; 0 where nobody says what was read.
               and (%(arrivals)s::int[])[array_position(%(ids)s::uuid[], id)] in (0, messages + parts)
               and (class in ('technical', 'test')
                    or (%(strangers)s and person_id is null and device_id is null and parts = 0))
             order by id for update)
returning id

-- name: reopen_alarm
-- as: desk
update alarm
set state = 'taken', holder = %(account)s, taken_at = coalesce(taken_at, %(now)s), escalation = 0, closed_at = null,
    closed_by = '', closing_reason = '', closing_action = '', closing_result = '', closing_note = null,
    version = version + 1
where id = %(id)s and state = 'closed' and closed_at > %(closed_after)s

-- name: merge_alarm
-- as: desk
-- Both are locked, so that neither changes meanwhile. The target is at least as urgent, and has waited as long as what
-- became part of it.
with target as (
    select id, class, exercise_id from alarm where id = %(into)s and state = 'taken' and holder = %(account)s for update
),
part as (
    select a.id, a.parts, least(a.received_at, a.part_received_at) as waits_since
    from alarm a cross join target
    where a.id = %(id)s and a.id <> target.id and a.state not in ('merged', 'closed')
      and a.exercise_id is not distinct from target.exercise_id
      and (a.holder is null or a.holder = %(account)s)
      and (%(version)s::int is null or a.version = %(version)s)
      and array_position(array['life', 'request', 'technical', 'test'], target.class)
          <= array_position(array['life', 'request', 'technical', 'test'], a.class)
    for update of a
),
absorbed as (
    update alarm t
    set parts = t.parts + 1 + part.parts, part_received_at = least(t.part_received_at, part.waits_since),
        version = t.version + 1
    from part where t.id = %(into)s
)
update alarm a
set state = 'merged', merged_into = %(into)s, holder = null, offered_to = null, suspended_until = null,
    escalate_at = null, closed_at = %(now)s, closed_by = %(actor)s, version = a.version + 1
from part
where a.id = part.id

-- name: lock_alarms
-- as: desk
-- In one order, whichever goes into which: two who join the same alarms crosswise wait for each other.
select id from alarm where id = any(%(ids)s) order by id for update

-- name: adopt_alarm
-- as: desk
-- A person who pressed is answered before the sender is registered: a life alarm must be the operator's own.
update alarm
set state = 'closed', holder = null, offered_to = null, suspended_until = null, escalate_at = null,
    closed_at = %(now)s, closed_by = %(actor)s, closing_reason = 'installation', closing_action = 'none',
    closing_result = 'device_adopted', version = version + 1
where id = %(id)s and state not in ('merged', 'closed')
  and ((holder is null and class <> 'life') or (state = 'taken' and holder = %(account)s))

-- name: read_newest_texts
-- as: desk
select id, subject_id, texts from message
where alarm_id = %(id)s and texts is not null
order by received_at desc, id desc
limit 1

-- name: find_addressees
-- as: desk
-- To whom what is written about an alarm is sealed: whom it is about, as far as he is in the register.
select a.id, p.id, p.address from alarm a left join person p on p.id = a.person_id where a.id = any(%(ids)s)

-- name: write_notes
-- as: desk
insert into alarm_note (id, alarm_id, written_at, written_by, subject_id, body)
select note_id, alarm_id, %(now)s, %(account)s, subject_id, body
from unnest(%(notes)s::uuid[], %(ids)s::uuid[], %(subjects)s::uuid[], %(bodies)s::bytea[])
     as n (note_id, alarm_id, subject_id, body)

-- name: write_steps
-- as: desk, scheduler
insert into alarm_step (alarm_id, at, step, actor, detail)
select id, %(now)s, %(step)s, %(actor)s, %(detail)s from unnest(%(ids)s::uuid[]) as id

-- name: announce
-- as: desk, scheduler
select announce_alarms(%(ids)s::uuid[])

-- ── Timers ───────────────────────────────────────────────────────────────────────────────────────────────────────

-- name: escalate_alarms
-- as: scheduler
-- A timer that runs for longer than a whole limit was set by a clock that was ahead: it gets the limit from now. Clocks that are
-- in step differ by less than a second.
with until as (
    select %(now)s::timestamptz + make_interval(secs => ring_all_after_seconds) as ring_all,
           %(now)s::timestamptz + make_interval(secs => on_call_after_seconds - ring_all_after_seconds) as on_call
    from policy
),
late as (
    select w.id, case when w.escalation = 0 then u.ring_all else u.on_call end as at
    from alarm w
    cross join until u
    -- The first line says no more than the second, and says it so that the index answers.
    where w.escalate_at > (select least(ring_all, on_call) + interval '1 second' from until)
      and w.escalate_at > case when w.escalation = 0 then u.ring_all else u.on_call end + interval '1 second'
      and w.class = 'life'
    order by w.escalate_at limit %(limit)s for update of w skip locked
),
shortened as (update alarm a set escalate_at = late.at from late where a.id = late.id)
update alarm a
set escalation = a.escalation + 1,
    escalate_at = case when a.escalation = 0 then a.escalate_at + make_interval(
        secs => (select on_call_after_seconds - ring_all_after_seconds from policy)) end,
    version = a.version + 1
where id in (select id from alarm
             where escalate_at <= %(now)s and class = 'life' and state in ('received', 'presented', 'taken')
               and escalation < 2
             order by escalate_at limit %(limit)s for update skip locked)
returning id, escalation

-- name: lapse_alarms
-- as: scheduler
-- What somebody holds who has signed out, may not handle it any more, or has had no desk open for so long. Whoever has
-- done something to the alarm meanwhile is there after all. The version keeps out what another took over in this moment.
with left_behind as materialized (
    select a.id, a.version
    from alarm a
    cross join policy p
    left join unnest(%(accounts)s::uuid[], %(seen)s::timestamptz[]) as d (account_id, seen_at)
        on d.account_id = a.holder
    where a.state not in ('merged', 'closed') and a.state = 'taken'
      and (d.account_id is null or d.seen_at <= %(now)s::timestamptz - make_interval(secs => p.away_after_seconds))
      and not exists (
          select from alarm_step s
          where s.alarm_id = a.id and s.actor = 'account:' || a.holder
            and s.at > case when d.account_id is null then %(read_at)s::timestamptz
                            else %(now)s::timestamptz - make_interval(secs => p.away_after_seconds) end
            -- What was done later than now, was done while the clock was ahead.
            and s.at <= %(now)s::timestamptz + interval '1 minute')
),
free as (
    select a.id from alarm a join left_behind l on l.id = a.id
    where a.version = l.version
    order by a.id limit %(limit)s for update of a skip locked
)
update alarm
set state = 'received', holder = null, escalation = 0,
    escalate_at = case when class = 'life' then %(now)s::timestamptz + make_interval(
        secs => (select ring_all_after_seconds from policy)) end,
    version = version + 1
where id in (select id from free)
returning id

-- name: return_alarms
-- as: scheduler
update alarm
set state = 'received', holder = null, offered_to = null, suspended_until = null, escalation = 0,
    escalate_at = case when class = 'life' then %(now)s::timestamptz + make_interval(
        secs => (select ring_all_after_seconds from policy)) end,
    version = version + 1
where id in (select id from alarm
             where state not in ('merged', 'closed') and state in ('suspended', 'handed_over')
               -- Or for longer than anybody may: by a clock that was ahead.
               and (suspended_until <= %(now)s
                    or suspended_until > %(now)s::timestamptz + interval '1 minute'
                        + case state when 'handed_over' then %(offer_stands)s::interval else %(longest)s::interval end)
             order by id limit %(limit)s for update skip locked)
returning id

-- name: expire_tests
-- as: scheduler
update alarm
set state = 'closed', escalate_at = null, closed_at = %(now)s, closed_by = 'scheduler', closing_reason = 'test',
    version = version + 1
where id in (select id from alarm
             where state not in ('merged', 'closed') and state in ('received', 'presented', 'withdrawn')
               and class = 'test' and latest_at <= %(untouched_since)s and parts = 0
             order by id limit %(limit)s for update skip locked)
returning id

-- name: forget_repeats
-- as: scheduler
select forget_repeats(%(before)s)

-- ── Supervision ──────────────────────────────────────────────────────────────────────────────────────────────────

-- name: lock_supervision
-- as: scheduler
-- One scheduler judges an authority at a time; another that is on its way finds nothing to do. Nobody but a scheduler
-- may lock this row.
select only_one from supervision_turn for update skip locked

-- name: judge_devices
-- as: scheduler
-- Rows that a receiver is just writing are left for the next time: waiting for them could deadlock with its bulk flush.
-- What was heard later than now, was heard by a clock that was ahead, and by now at the latest. It is put right here: what
-- receivers hear until that time has come would be older news, and silence would be noticed then at the earliest.
with due as materialized (
    select s.device_id, s.condition as before,
           judged_condition(s.condition, least(s.changed_at, %(now)s), least(s.last_seen, %(now)s), d.interval_seconds,
                            %(grace)s, %(covered_since)s, %(now)s) as after
    from device_state s
    join device d on d.id = s.device_id
    where d.supervised and s.last_seen is not null
      and (judged_condition(s.condition, least(s.changed_at, %(now)s), least(s.last_seen, %(now)s), d.interval_seconds,
                            %(grace)s, %(covered_since)s, %(now)s) <> s.condition
           or s.last_seen > %(now)s::timestamptz + interval '1 minute'
           or (s.condition = 'late' and s.changed_at > %(now)s::timestamptz + interval '1 minute'))
    for update of s skip locked
),
changed as (
    update device_state s
    set condition = due.after, last_seen = least(s.last_seen, %(now)s),
        changed_at = case when due.after <> due.before then %(now)s
                          when due.before = 'late' then least(s.changed_at, %(now)s) else s.changed_at end
    from due where s.device_id = due.device_id
    returning s.device_id, due.before, due.after
)
select before, after, count(*)::int as count,
       (array_agg(device_id order by device_id))[1:%(named)s] as devices
from changed
where before <> after
group by before, after
order by before, after

-- name: forgive_untold
-- as: scheduler
-- Lost devices that no alarm has told of, because a site alarm stood for them and is closed by now: back to late, so
-- that those that stay silent are lost again and told of one by one.
update device_state s set condition = 'late', changed_at = %(now)s
from device d
where s.device_id in (
    select l.device_id from device_state l
    where l.condition = 'lost'
      and not exists (select 1 from alarm a
                      where a.kind = 'offline' and a.device_id = l.device_id and a.latest_at >= l.changed_at
                        -- One of a clock that was ahead may be of an earlier silence.
                        and a.latest_at <= %(now)s::timestamptz + interval '1 minute')
    for update skip locked)
  and d.id = s.device_id and d.supervised
returning s.device_id

-- name: count_devices
-- as: scheduler
select (count(*) filter (where s.condition <> 'never'))::int as heard,
       (count(*) filter (where s.condition = 'late'))::int as late,
       (count(*) filter (where s.condition = 'lost' and s.changed_at >= %(since)s))::int as lost
from device_state s
join device d on d.id = s.device_id
where d.supervised

-- name: find_newly_lost
-- as: scheduler
select s.device_id, d.person_id, d.sender, d.device_type
from device_state s
join device d on d.id = s.device_id
where s.condition = 'lost' and s.changed_at = %(now)s and d.supervised

-- name: find_open_site
-- as: scheduler
-- One that somebody holds although the silence is over is no longer open in this sense.
select id, latest_at
from alarm
where join_key = %(join_key)s and state not in ('merged', 'closed') and withdrawn_at is null

-- name: raise_technical
-- as: scheduler
-- Silent again before the earlier alarm was closed: it goes on.
insert into alarm as a (id, class, kind, latest_kind, state, join_key, person_id, device_id, sender, device_type,
                        received_at, latest_at)
select id, 'technical', %(kind)s, %(kind)s, 'received', join_key, person_id, device_id, sender, device_type,
       %(now)s, %(now)s
from unnest(%(ids)s::uuid[], %(join_keys)s::text[], %(people)s::uuid[], %(devices)s::uuid[], %(senders)s::text[],
            %(device_types)s::smallint[])
     as r (id, join_key, person_id, device_id, sender, device_type)
order by join_key
on conflict (join_key) where state not in ('merged', 'closed') do update
    set latest_at = excluded.latest_at, messages = a.messages + 1, withdrawn_at = null,
        state = case when a.state = 'withdrawn' then 'received' else a.state end, version = a.version + 1
returning a.id, a.version = 1 as is_new

-- name: find_returned
-- as: scheduler
-- Open alarms about silence of devices that are heard again.
select a.id from alarm a
join device_state s on s.device_id = a.device_id
where a.state not in ('merged', 'closed') and a.kind = 'offline' and s.condition = 'online'
  and a.withdrawn_at is null and a.join_key = a.device_id || ':technical:offline'

-- name: end_technical
-- as: scheduler
-- What somebody has taken stays his to close, and what others were made part of an operator's; both are marked as over.
with over as (
    select id, state in ('taken', 'suspended', 'handed_over') or parts > 0 as stays
    from alarm
    where id = any(%(ids)s) and state not in ('merged', 'closed') and withdrawn_at is null
    order by id for update
)
update alarm a
set state = case when stays then state else 'closed' end,
    withdrawn_at = coalesce(withdrawn_at, %(now)s),
    closed_at = case when not stays then %(now)s::timestamptz end,
    closed_by = case when stays then '' else 'supervision' end,
    closing_result = case when stays then '' else 'unit_fault_fixed' end,
    version = version + 1
from over where a.id = over.id
returning a.id

-- name: note_desks
-- as: desk in platform
insert into desk_presence as p (account_id, seen_at)
select account, %(now)s from unnest(%(accounts)s::uuid[]) as account order by account
on conflict (account_id) do update
    -- Noted by several desks; but what lies ahead of them all was noted by a clock that was.
    set seen_at = case when p.seen_at > excluded.seen_at + interval '1 minute' then excluded.seen_at
                       else greatest(p.seen_at, excluded.seen_at) end

-- name: find_desk
-- as: desk in platform
select 1
from desk_presence p
join session s on s.account_id = p.account_id
where p.account_id = %(account)s and p.seen_at > %(since)s and p.seen_at <= %(now)s::timestamptz + interval '1 minute'
  and s.realm = 'operator' and s.ended_at is null and coalesce(s.kept_until, s.expires_at) > %(now)s
  and exists (select from effective_grant g
              where g.account_id = p.account_id and g.authority_id = %(authority_id)s and g.role = any(%(roles)s)
                and (g.valid_until is null or g.valid_until > %(now)s))
limit 1

-- name: read_attendance
-- as: scheduler in platform
-- Everybody who is signed in to a desk, when one was last open, and whose alarms each may handle by now.
select s.account_id, max(p.seen_at) as seen_at,
       array(select g.authority_id from effective_grant g
             where g.account_id = s.account_id and g.authority_id is not null and g.role = any(%(roles)s)
               and (g.valid_until is null or g.valid_until > %(now)s)) as authorities
from session s
join account a on a.id = s.account_id
left join desk_presence p on p.account_id = s.account_id
where s.realm = 'operator' and s.ended_at is null and coalesce(s.kept_until, s.expires_at) > %(now)s and a.state = 'active'
group by s.account_id

-- name: read_receivers
-- as: scheduler in platform
select started_at, beat_at from receiver_presence
