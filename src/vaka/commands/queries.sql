-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in an authority's database.

-- name: list_personal_numbers
-- as: setup
select personal_number, id from person where personal_number <> ''

-- name: list_senders
-- as: setup
select sender from device
