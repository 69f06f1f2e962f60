-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Whose issuer a session rests on (term 31): one that an authority listed for its own people opens nothing of another's.

-- Empty where the supplier's issuer asserted it, as one that several authorities' people use is.
alter table session
    add column authority_id uuid references authority,
    add constraint authoritys_issuer_lets_in_its_own check (
        authority_id is null or (realm = 'authority' and issuer is not null));

-- What it began as, it stays, as of a fallback.
create trigger authority_stays before update of authority_id on session for each row
    when (new.authority_id is distinct from old.authority_id)
    execute function keep_fallback();
