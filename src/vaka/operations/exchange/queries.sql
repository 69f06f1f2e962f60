-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform's database.

-- name: find_partner
-- as: registry
select certificate, valid_until, certificate_until from find_partner(%(partner)s, %(authority_id)s)

-- name: take_exchange
-- as: registry
select take_exchange(
    %(id)s, %(authority_id)s, %(partner)s, %(nonce)s, %(sha256)s, %(size)s, %(now)s)

-- name: refuse_exchange
-- as: registry
select refuse_exchange(%(id)s, %(authority_id)s, %(partner)s, %(reason)s, %(sha256)s, %(size)s, %(now)s)

-- name: list_refused_exchanges
-- as: portal, office
select authority_id, partner, firm, at, reason, size, sha256, times from list_refused_exchanges(%(authority_id)s)
