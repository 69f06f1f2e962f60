-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- In an authority's database.

-- name: is_trial_device
-- as: trial in tenant
select is_trial_device(%(device)s, %(sender)s)

-- name: find_trial
-- as: trial in tenant
select alarm_id, marked, entered from find_trial(%(ref)s)

-- name: forget_trials
-- as: trial in tenant
select forget_trials()
