-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What of the platform's log is an authority's business, as data that each register adds to; with the supplier's
-- administrators, whose rights reach every authority (terms 10 and 12).

set role vaka_ledger;

-- Events that name no authority, and whose business they are. What an entry names itself is that authority's in any case.
create table ledger.concern (
    event text collate "C" primary key,
    -- everybody: of every authority. actor, object: of those where the account that does it, or that it is about, has or had
    -- a role, or is an administrator's.
    whose text not null check (whose in ('everybody', 'actor', 'object'))
);
insert into ledger.concern (event, whose) values
    ('settings.changed', 'everybody'), ('key.created', 'everybody'), ('key.changed', 'everybody'),
    ('schema.migrated', 'everybody'), ('row.changed_by_hand', 'everybody'), ('command.run', 'everybody'),
    ('sign_in.refused', 'everybody'), ('installation.decided', 'everybody'),
    ('session.started', 'actor'), ('session.ended', 'actor'), ('access.denied', 'actor'),
    ('security_key.enrolled', 'actor'), ('security_key.renamed', 'actor'), ('security_key.removed', 'actor'),
    ('security_key.used', 'actor'), ('security_key.refused', 'actor'),
    ('account.created', 'object'), ('account.invited', 'object'), ('account.linked', 'object'),
    ('account.changed', 'object'), ('account.deactivated', 'object'), ('account.reactivated', 'object'),
    ('account.removed', 'object');

-- As before (0018); and besides: what becomes of an administrator's account, and when it signs in, is everybody's business.
-- Which accounts these are stands in the entry that tells of their making; one that was made by hand, and all that was
-- changed of it, is told of as such to everybody already.
create or replace function ledger.concerning(
    p_authority uuid, p_since timestamptz, p_until timestamptz, p_size bigint, p_events text[], p_actor text,
    p_object text, p_outcome text, p_before_at timestamptz, p_before_index bigint, p_index bigint, p_most integer
) returns table (index bigint, happened_at timestamptz, event text, actor text, object text, outcome text,
                 subject uuid, concerns uuid, leaf bytea)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with accounts as materialized (
        select distinct i.object as name from entry_index i
        where i.concerns = p_authority and i.event in ('role.granted', 'role.revoked', 'role.requested', 'role.approved')
        union
        select i.object from entry_index i join log_entry e on e.index = i.index
        where i.event = 'account.created'
          and position(convert_to('"kind":"administrator"', 'UTF8') in e.leaf) > 0
    ), own as (
        select i.* from entry_index i
        where i.concerns = p_authority
        union all
        select i.* from entry_index i
        where i.concerns is null
          and i.event = any (array(select c.event from concern c where c.whose = 'everybody'))
        union all
        select i.* from entry_index i
        where i.concerns is null and i.event = 'connection.refused' and i.object not like 'device:%'
        union all
        select i.* from entry_index i join accounts a on i.actor = a.name
        where i.concerns is null
          and i.event = any (array(select c.event from concern c where c.whose = 'actor'))
        union all
        select i.* from entry_index i
        where i.concerns is null and i.event in ('session.ended', 'security_key.removed') and i.actor not like 'account:%'
          and exists (
            select from accounts a join log_entry e on e.index = i.index
            where position(convert_to('"account":"' || a.name || '"', 'UTF8') in e.leaf) > 0)
        union all
        select i.* from entry_index i join accounts a on i.object = a.name
        where i.concerns is null
          and i.event = any (array(select c.event from concern c where c.whose = 'object'))
    ), wanted as (
        select * from own i
        where i.happened_at >= p_since and i.happened_at < p_until and i.index < p_size
          and (p_index is null or i.index = p_index)
          and (p_before_at is null or (i.happened_at, i.index) < (p_before_at, p_before_index))
          and (p_events is null or i.event = any (p_events))
          and (p_actor is null or i.actor = p_actor)
          and (p_object is null or i.object = p_object)
          and (p_outcome is null or i.outcome = p_outcome)
        order by i.happened_at desc, i.index desc
        limit p_most
    )
    select w.index, w.happened_at, w.event, w.actor, w.object, w.outcome, w.subject, w.concerns, e.leaf
    from wanted w left join log_entry e using (index)
    order by w.happened_at desc, w.index desc
$$;

reset role;
