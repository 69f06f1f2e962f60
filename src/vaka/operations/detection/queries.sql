-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database; the first in each authority's as well.

-- name: list_watched
-- as: scheduler, scheduler in tenant
select happened_at, event, actor, object, outcome, written_by, detail
from ledger.list_watched(%(events)s, %(since)s, %(until)s, %(most)s)

-- name: list_detection
-- as: scheduler
select authority_id, looked_until from list_detection()

-- name: enter_detection
-- as: scheduler
select enter_detection(%(authority_id)s, %(until)s, %(rules)s, %(now)s)

-- name: raise_alert
-- as: scheduler
select raise_alert(%(id)s, %(case_id)s, %(rule)s, %(level)s, %(authority_id)s, %(about)s, %(things)s, %(since)s, %(until)s,
                   %(title)s, %(text)s, %(minutes)s, %(now)s)
