-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Tokens of programs that prove themselves by a certificate are worth something together with it alone (RFC 8705,
-- section 3). Which certificates a program has stands among its keys, where the entry of its registration covers it.

alter table api_token
    -- The SHA-256 of the certificate (DER) that was shown for it; null where an assertion was.
    add column certificate bytea check (octet_length(certificate) = 32);

-- Whoever lets a program register people does not review the log of it.
alter table role_conflict disable trigger only_migrated;
insert into role_conflict (one, other, anywhere) values
    ('auditor', 'care_manager', false),
    ('care_manager', 'log_reviewer', false);
alter table role_conflict enable trigger only_migrated;
