-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Assertions that somebody signed in with, while they hold: none counts twice, in whichever sign-in it comes.

create table seen_assertion (
    -- SHA-256 over the issuer and the assertion's own identifier.
    assertion_hash bytea primary key check (octet_length(assertion_hash) = 32),
    expires_at     timestamptz not null
);
create index seen_assertion_by_age on seen_assertion (expires_at);
