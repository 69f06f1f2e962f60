-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Two administrators decide in the office, too, which issuers of identities are believed; and what was decided, in the
-- office and by commands, can be read there.

set role vaka_ledger;

-- As before (0014), and what the office wrote counts as what a command did: in both, two accounts said it of exactly these
-- bytes. What any other process writes does not.
create or replace function ledger.trust_state(
    p_id uuid, p_name text, p_digest text, p_proposed_by uuid, p_approved_by uuid
) returns text
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select e.index, convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.event in ('trust.proposed', 'trust.approved', 'trust.withdrawn')
          and e.index < (select max(c.size) from checkpoint c)
    ), decided as (
        select s.index, leaf ->> 'event' as event, leaf ->> 'actor' as actor, leaf ->> 'object' as object,
               leaf -> 'detail' ->> 'sha256' as digest, leaf -> 'detail' ->> 'issuer' as name
        from said s
        where leaf ->> 'outcome' = 'success' and leaf ->> 'written_by' in ('vaka_setup', 'vaka_office')
    ), own as (
        select * from decided where object = 'trust:' || p_id and digest = p_digest
    ), approval as (
        select min(index) as index from own where event = 'trust.approved' and actor = 'account:' || p_approved_by
    )
    select case
        when p_proposed_by = p_approved_by or a.index is null
          or not exists (select from own where event = 'trust.proposed' and actor = 'account:' || p_proposed_by)
          or exists (select from said where leaf ->> 'event' = 'trust.withdrawn' and leaf ->> 'object' = 'trust:' || p_id)
          or exists (select from inbox i where i.event = 'trust.withdrawn' and i.object = 'trust:' || p_id)
            then 'unknown'
        when exists (select from decided d where d.event = 'trust.approved' and d.name = p_name
                     and d.object <> 'trust:' || p_id and d.index > a.index)
            then 'superseded'
        else 'approved'
    end
    from approval a
$$;

-- What was decided about issuers, the newest first: when, what, by whom, of which name and bytes, and which process wrote it.
create function ledger.trust_history(p_most integer)
    returns table (happened_at timestamptz, event text, actor text, name text, digest text, written_by text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with known as (
        select i.id, i.happened_at, i.event, i.actor, i.detail, i.written_by
        from inbox i
        where i.event in ('trust.proposed', 'trust.approved', 'trust.withdrawn')
        union all
        select e.id, i.happened_at, i.event, i.actor, convert_from(e.leaf, 'UTF8')::jsonb -> 'detail',
               convert_from(e.leaf, 'UTF8')::jsonb ->> 'written_by'
        from entry_index i join log_entry e using (index)
        where i.event in ('trust.proposed', 'trust.approved', 'trust.withdrawn')
    )
    select k.happened_at, k.event, k.actor, k.detail ->> 'issuer', k.detail ->> 'sha256', k.written_by
    from known k
    order by k.happened_at desc, k.id desc
    limit p_most
$$;
revoke all on function ledger.trust_history from public;

reset role;
