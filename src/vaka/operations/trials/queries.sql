-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: report_trial
-- as: trial in platform
select report_trial(%(authority)s, %(machine)s, %(outcome)s, %(answered)s, %(seen)s)

-- name: list_trials
-- as: office in platform, portal in platform
select authority_id, machine, tried_at, outcome, since, well_at, answered_ms, seen_ms, created_at from list_trials(%(authority)s)

-- name: list_trial_hours
-- as: office in platform, portal in platform
select hour, tried, failed, slowest_ms, total_ms from list_trial_hours(%(authority)s, %(since)s)
