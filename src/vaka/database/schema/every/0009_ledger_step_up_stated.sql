-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An act that was confirmed with a security key says so in its entry also where a function of the database writes that:
-- what does the act states the digest for the time being (vaka.access.step_up), and each entry of that time holds it.

set role vaka_ledger;

create or replace function ledger.append(
    p_happened_at timestamptz, p_event text, p_actor text, p_object text, p_outcome text, p_detail jsonb
) returns bigint
    language sql security definer set search_path = ledger, pg_temp as $$
    -- Two events have functions of their own, which look at what they say; here they break the rule that there be one.
    insert into ledger.inbox (happened_at, event, actor, object, outcome, detail, written_in)
    values (p_happened_at, nullif(nullif(p_event, 'retention.set'), 'ledger.pruned'), p_actor, p_object, p_outcome,
            case when current_setting('ledger.step_up', true) ~ '^[0-9a-f]{64}$'
                 then p_detail || jsonb_build_object('step_up', current_setting('ledger.step_up', true))
                 else p_detail end,
            case when exists (select from telling t where t.event = p_event) then pg_current_xact_id() end)
    returning id
$$;

reset role;
