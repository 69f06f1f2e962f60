-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: read_backup_runs
-- as: scheduler, setup, portal, office
select command, happened_at, outcome, detail from read_backup_runs(%(at)s)

-- name: is_backup_apart
-- as: scheduler, setup
select is_backup_apart(%(machine)s)

-- name: find_restorer
-- as: setup
select actor, is_own from find_restorer(%(authority)s, %(actor)s, %(at)s)
