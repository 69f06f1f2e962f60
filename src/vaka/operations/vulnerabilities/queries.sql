-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: begin_import
-- as: setup
select begin_advisory_import(%(id)s, %(source)s, %(source_at)s, %(digest)s, %(records)s, %(fetched)s, %(shrunk)s, %(by)s,
                             %(now)s)

-- name: add_records
-- as: setup
select add_advisory_records(%(id)s, %(records)s)

-- name: finish_import
-- as: setup
select finish_advisory_import(%(id)s)

-- name: newest_advisories
-- as: scheduler
select imported_at, compared_at from newest_advisories()

-- name: list_concerned
-- as: scheduler
select slug, id from authority where kind = 'authority'

-- name: find_advisories
-- as: scheduler
select source, package, id, content, first_at from find_advisories(%(sources)s, %(packages)s)

-- name: enter_vulnerabilities
-- as: scheduler
select began, ended, told
from enter_vulnerabilities(%(bill)s, %(components)s, %(findings)s, %(times)s, %(words)s, %(now)s)

-- name: list_imports
-- as: office
select distinct on (source) source, source_at, imported_at, records, fetched
from advisory_import order by source, imported_at desc

-- name: read_look
-- as: office
select at, components from vulnerability_look

-- name: list_unassessed
-- as: office
select purl, name, version, authority_id, unassessed from running_component where unassessed <> '' order by place

-- name: list_findings
-- as: office
select f.id, f.vulnerability, f.purl, f.name, f.version, f.authority_id, f.severity, f.basis, f.fixed_version, f.summary,
       f.reference, f.case_id, f.known_at, f.fix_by,
       (select min(t.told_at) from vulnerability_told t where t.finding_id = f.id) as told_at,
       (select count(*) from vulnerability_told t where t.finding_id = f.id) as told,
       (select count(distinct t.authority_id) from vulnerability_told t
        join case_receipt r on r.case_id = f.case_id and r.number = t.number and r.authority_id = t.authority_id
        where t.finding_id = f.id) as seen,
       f.ended_at, f.ended_because
from vulnerability_finding f
order by f.ended_at is not null, f.ended_at desc,
         array_position(array['critical', 'high', 'medium', 'low'], f.severity), f.known_at, f.vulnerability, f.purl
limit %(most)s

-- name: count_open
-- as: office
select count(*) from vulnerability_finding where ended_at is null

-- name: list_statements
-- as: office
select id, finding_id, justification, because, made_by, made_at, decided_by, decided_at, approved
from vulnerability_statement where decided_at is null or approved order by made_at

-- name: state_vulnerability
-- as: office
select state_vulnerability(%(id)s, %(finding_id)s, %(justification)s, %(because)s, %(by)s, %(now)s)

-- name: decide_vulnerability
-- as: office
select decide_vulnerability(%(id)s, %(approve)s, %(text)s, %(by)s, %(now)s)

-- name: list_vulnerabilities_of
-- as: portal
select id, vulnerability, purl, name, version, severity, fixed_version, summary, reference, case_id, known_at, told_at,
       seen_at, fix_by, ended_at, ended_because, justification, because, now_purl, now_version
from list_vulnerabilities_of(%(authority_id)s, %(case_id)s)
