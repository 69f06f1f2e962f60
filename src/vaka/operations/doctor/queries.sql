-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: list_databases
-- as: setup in platform
select database_name from authority order by database_name

-- name: read_version
-- as: setup in platform
select current_setting('server_version_num')::int

-- name: waits_for_nobody
-- as: setup in platform
-- Whether a commit is answered when one server has it. With Patroni's strict mode no name is "*", which means anybody.
select current_setting('synchronous_standby_names') = ''

-- name: find_other_forms
-- as: setup in platform
-- Databases whose text is not UTF-8, or whose order of letters is another since the machine's library was upgraded:
-- what is indexed in the old order is not found any more.
select datname,
       datcollversion is distinct from pg_database_collation_actual_version(oid) as reordered
from pg_database
where starts_with(datname, 'vaka')
  and (pg_encoding_to_char(encoding) <> 'UTF8'
       or datcollversion is distinct from pg_database_collation_actual_version(oid))
order by datname
