-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2

-- name: list_authorities
select id, slug, name, kind, database_name
from authority
where state = 'active'
order by slug
