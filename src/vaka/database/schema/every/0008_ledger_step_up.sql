-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The authority's decision about its log says which touch of a security key confirmed it, where one did.

set role vaka_ledger;

drop function ledger.set_retention(timestamptz, text, text, integer, text);
create function ledger.set_retention(
    p_happened_at timestamptz, p_actor text, p_object text, p_days integer, p_reason text, p_step_up text default null
) returns bigint
    language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    entered bigint;
begin
    if p_days is null or p_days not between 400 and 36500 or coalesce(p_reason, '') !~ '\S' or length(p_reason) > 200
    then
        raise exception 'retention is 400 to 36500 days, with a reason' using errcode = 'check_violation';
    end if;
    if p_step_up !~ '^[0-9a-f]{64}$' then
        raise exception 'what was confirmed is known by its SHA-256' using errcode = 'check_violation';
    end if;
    insert into inbox (happened_at, event, actor, object, detail)
    values (p_happened_at, 'retention.set', p_actor, p_object,
            jsonb_strip_nulls(jsonb_build_object('days', p_days, 'reason', p_reason, 'step_up', p_step_up)))
    returning id into entered;
    return entered;
end $$;
revoke all on function ledger.set_retention from public;

reset role;
