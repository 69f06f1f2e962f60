-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: report_flows
-- as: scheduler in platform, setup in platform
select report_flows(%(machine)s, %(flows)s, %(wrong)s)

-- name: report_certificates
-- as: scheduler in platform, setup in platform
select report_certificates(%(machine)s, %(told)s)

-- name: list_machine_flows
-- as: office in platform, portal in platform, scheduler in platform, setup in platform
select machine, looked_at, flows, wrong, certificates, by_scheduler from list_machine_flows()
