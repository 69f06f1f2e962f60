-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An auditor's role is given for a time alone (term 37), whoever gives it and however. What was given without an end before
-- stays, until it is given anew.

-- The roles that need an end (access/roles.py).
create function is_time_boxed(p_role text) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_role in ('auditor')
$$;
revoke all on function is_time_boxed from public;

-- Holds for what is given and for what an authority is asked for. That it is to begin later makes it no longer.
create function require_end() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    facts jsonb := to_jsonb(new);
    begins timestamptz := least((coalesce(facts ->> 'granted_at', facts ->> 'valid_from'))::timestamptz, clock_timestamp());
begin
    if is_time_boxed(new.role) and coalesce(new.valid_until > begins + interval '366 days', true) then
        raise exception 'the role % needs an end within 366 days', new.role
            using errcode = 'check_violation', constraint = 'time_boxed', detail = new.role;
    end if;
    return new;
end $$;
revoke all on function require_end from public;

-- That a grant from before comes to rest on a request, because the authority designates its role, makes it no new one.
create trigger time_boxed before insert or update of account_id, role, authority_id, granted_at, valid_until on role_grant
    for each row execute function require_end();
create trigger time_boxed before insert on role_request for each row
    when (new.kind <> 'standing') execute function require_end();
