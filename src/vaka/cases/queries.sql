-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database.

-- name: list_contacts
-- as: office, portal
select authority_id, place, name, mail, phone, hours, valid_until, since
from case_contact
where %(authority_id)s::uuid is null or authority_id = %(authority_id)s
order by authority_id, place

-- name: set_contact
-- as: portal
select set_case_contact(%(authority_id)s, %(place)s, %(name)s, %(mail)s, %(phone)s, %(hours)s, %(valid_until)s,
                        %(account_id)s, %(now)s)

-- name: end_contact
-- as: portal
select end_case_contact(%(authority_id)s, %(place)s, %(account_id)s, %(now)s)
