-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: take_notices
-- as: notifier
select * from take_notices(%(now)s, %(most)s)

-- name: read_said
-- as: notifier
select object, said from read_said(%(objects)s)

-- name: tell_delivered
-- as: notifier
select tell_delivered(%(notice)s, %(way)s, %(receipt)s, %(now)s)

-- name: tell_hindered
-- as: notifier
select tell_hindered(%(notice)s, %(way)s, %(fault)s, %(now)s)

-- name: tell_late_notices
-- as: scheduler
select tell_late_notices(%(now)s)

-- name: list_notices
-- as: portal
select s.id, s.kind, s.entry, s.event, s.object, s.happened_at, s.late_at, s.late_told_at, s.acknowledged_by,
       s.acknowledged_at, s.arrived_at
from notice_standing s
where s.authority_id = %(authority_id)s
order by s.happened_at desc, s.entry desc
limit %(most)s

-- name: list_deliveries
-- as: portal
select d.notice_id, d.way_id, d.attempts, d.next_at, d.fault, d.delivered_at, d.receipt
from notice_delivery d
where d.notice_id = any(%(notices)s)
order by d.way_id

-- name: count_late
-- as: portal
select count(*) from notice_standing s
where s.authority_id = %(authority_id)s and s.arrived_at is null and s.late_at <= %(now)s

-- name: list_ways
-- as: portal
select id, way, address, server, certificate is not null as is_pinned, set_by, since, ended_at
from notice_way
where authority_id = %(authority_id)s
order by ended_at nulls first, since

-- name: read_minutes
-- as: portal
select minutes from notice_rule where authority_id = %(authority_id)s

-- name: set_notice_way
-- as: portal
select set_notice_way(%(id)s, %(authority_id)s, %(way)s, %(address)s, %(server)s, %(certificate)s, %(account_id)s, %(now)s)

-- name: end_notice_way
-- as: portal
select end_notice_way(%(id)s, %(authority_id)s, %(account_id)s, %(now)s)

-- name: set_notice_minutes
-- as: portal
select set_notice_minutes(%(authority_id)s, %(minutes)s, %(account_id)s, %(now)s)

-- name: acknowledge_notices
-- as: portal
select acknowledge_notices(%(authority_id)s, %(notices)s, %(account_id)s, %(now)s)

-- name: read_digest_day
-- as: portal
select weekday from digest_rule where authority_id = %(authority_id)s

-- name: set_digest_day
-- as: portal
select set_digest_day(%(authority_id)s, %(weekday)s, %(account_id)s, %(now)s)

-- name: list_own_ways
-- as: office
select id, way, address, server, is_pinned, set_by, since, ended_at from list_own_ways()

-- name: read_own_digest_day
-- as: office
select read_own_digest_day()

-- name: set_own_way
-- as: office
select set_own_way(%(id)s, %(way)s, %(address)s, %(server)s, %(certificate)s, %(account_id)s, %(now)s)

-- name: end_own_way
-- as: office
select end_own_way(%(id)s, %(account_id)s, %(now)s)

-- name: set_own_digest_day
-- as: office
select set_own_digest_day(%(weekday)s, %(account_id)s, %(now)s)
