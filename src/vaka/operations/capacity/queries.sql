-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: count_connections
-- as: scheduler in platform
select count(*), current_setting('max_connections')::integer from pg_stat_activity where datid is not null

-- name: report_capacity
-- as: scheduler in platform
select report_capacity(%(disk_free)s, %(connections)s, %(waiting)s, %(silent)s, %(answers)s, %(answers_slow)s)

-- name: list_capacity_hours
-- as: office in platform, portal in platform
select hour, measured, disk_free, connections, waiting, silent, answers, answers_slow from list_capacity_hours(%(since)s)

-- name: count_waiting
-- as: scheduler in tenant
select count(*) from alarm
where state in ('received', 'presented') and class = 'life' and exercise_id is null and received_at < %(before)s
