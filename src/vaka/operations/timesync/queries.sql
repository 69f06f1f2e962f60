-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: report_clock
-- as: scheduler in platform, setup in platform
select report_clock(%(machine)s, %(now)s, %(said)s)

-- name: list_clocks
-- as: office in platform, portal in platform, scheduler in platform, setup in platform
select machine, received_at, skew, kernel, reasons, source, proven, stratum, off_by, error, referred_at,
       by_scheduler
from list_clocks()
