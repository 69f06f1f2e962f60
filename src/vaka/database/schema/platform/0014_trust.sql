-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which issuers of identities are believed, for whom and how far: data that one person proposes and another approves.

create table trusted_issuer (
    id           uuid primary key,
    -- Null means the supplier itself, never "all authorities".
    authority_id uuid references authority,
    name         text not null check (name ~ '^[a-z][a-z0-9-]{1,30}$'),
    -- The very bytes that were proposed: canonical JSON. What is approved is their SHA-256.
    content      text not null check (octet_length(content) between 2 and 60000),
    proposed_by  uuid not null references account,
    proposed_at  timestamptz not null,
    approved_by  uuid references account,
    approved_at  timestamptz,
    withdrawn_by uuid references account,
    withdrawn_at timestamptz,
    check ((approved_by is null) = (approved_at is null)),
    check ((withdrawn_by is null) = (withdrawn_at is null))
);
create index trusted_issuer_by_name on trusted_issuer (name);

create constraint trigger entered after insert or update or delete on trusted_issuer deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on trusted_issuer for each statement
    execute function enter_change_by_hand('id');

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('trusted_issuer', 'insert', 'trust.proposed', 'object', 'trust'),
    ('trusted_issuer', 'update', 'trust.approved', 'object', 'trust'),
    ('trusted_issuer', 'update', 'trust.withdrawn', 'object', 'trust');

-- What the log, sealed and signed, makes of a row that says it is approved. 'approved': one account proposed these very
-- bytes, another approved them, and nobody withdrew them since. 'superseded': the same, and another row of the same name
-- was approved later; which one is newest is the log's to say, and no column's. Otherwise 'unknown': a row that somebody
-- made or changed with a statement of his own has no such entries, or entries about other bytes. A withdrawal counts at
-- once, also while it waits to be sealed, and brings nothing back that was superseded.
create function ledger.trust_state(p_id uuid, p_name text, p_digest text, p_proposed_by uuid, p_approved_by uuid)
    returns text
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
        where leaf ->> 'outcome' = 'success' and leaf ->> 'written_by' = 'vaka_setup'
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
revoke all on function ledger.trust_state from public;

reset role;
