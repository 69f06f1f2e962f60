-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What an identity provider calls somebody, and his session there, each as a keyed hash (identity/subjects.py): by it the
-- provider says which sessions end. Who reads the table learns neither, and cannot tell two issuers' people to be one.

-- Empty where nobody asserted them, or a provider that signs nobody out.
alter table session
    add column issuer_name bytea check (octet_length(issuer_name) = 32),
    add column issuer_session bytea check (octet_length(issuer_session) = 32),
    add constraint issuer_names_its_own check (
        (issuer is not null or issuer_name is null) and (issuer_name is not null or issuer_session is null));

-- What it began as, it stays, as of a fallback.
create trigger issuers_words_stay before update of issuer_name, issuer_session on session for each row
    when (new.issuer_name is distinct from old.issuer_name or new.issuer_session is distinct from old.issuer_session)
    execute function keep_fallback();
