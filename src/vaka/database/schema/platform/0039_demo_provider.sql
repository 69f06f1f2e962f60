-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- A demo signs in by a provider of its own, over the way that everybody signs in. There is no other way in any more.

-- An issuer without TLS can be anybody. Whatever settings, registry and processes say: only a demo believes one.
create function require_tls_of_issuer() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select 1 from installation where mode = 'demo') then
        raise exception 'an issuer without TLS can exist only in a demo' using errcode = 'check_violation';
    end if;
    return new;
end $$;
revoke all on function require_tls_of_issuer() from public;
create trigger issuers_without_tls_only_in_demo before insert or update of issuer on session
    for each row when (new.issuer ~ '^http://(localhost|127\.0\.0\.1|\[::1\]):') execute function require_tls_of_issuer();
create trigger issuers_without_tls_only_in_demo before insert on account_link
    for each row when (new.issuer ~ '^http://(localhost|127\.0\.0\.1|\[::1\]):') execute function require_tls_of_issuer();
