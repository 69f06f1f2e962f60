-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Run in the platform database. Files at entries of registers stand with the registers' own statements.

-- name: keep_message_file
-- as: office, portal
select keep_message_file(%(id)s, %(case_id)s, %(inquiry)s, %(name)s, %(media_type)s, %(body)s, %(signed_at)s, %(most)s,
                         %(account_id)s, %(now)s)

-- name: refuse_message_file
-- as: office, portal
select refuse_message_file(%(case_id)s, %(inquiry)s, %(authority_id)s, %(sha256)s, %(reason)s, %(account_id)s, %(now)s)

-- name: read_every_case_file
-- as: office
select name, media_type, sha256, body from message_file
where case_id = %(case_id)s and number = %(number)s and sha256 = sha256(body)

-- name: read_case_file
-- as: portal
select name, media_type, sha256, body from read_case_file(%(case_id)s, %(authority_id)s, %(number)s)

-- name: list_every_inquiry_file
-- as: office
select inquiry, number, name, media_type, size, sha256 from message_file
where inquiry = any (%(inquiries)s) order by inquiry, number

-- name: list_inquiry_files
-- as: portal
select inquiry, number, name, media_type, size, sha256 from list_inquiry_files(%(authority_id)s, %(inquiries)s)

-- name: read_every_inquiry_file
-- as: office
select name, media_type, sha256, body from message_file
where inquiry = %(inquiry)s and number = %(number)s and sha256 = sha256(body)

-- name: read_inquiry_file
-- as: portal
select name, media_type, sha256, body from read_inquiry_file(%(authority_id)s, %(inquiry)s, %(number)s)
