-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Who works on the machine itself (term 10): each authority sees it, and is told of it.

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('host.signed_in', 'holders'), ('host.accounts_differ', 'holders');
alter table notice_event enable trigger only_migrated;

-- Whose business an entry is that is told of. What was changed by hand in the registers of access may be anybody's.
create or replace function noticed_by(p_event text, p_actor text, p_object text, p_detail jsonb) returns setof uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with entry as (
        select split_part(p_object, ':', 1) as register,
               case when p_event like 'security\_key.%' then split_part(coalesce(p_detail ->> 'account', p_actor), ':', 2)
                    else split_part(p_object, ':', 2) end as account
    )
    select t.id
    from authority t cross join entry
    where t.kind = 'authority' and t.state = 'active' and case
        when p_event = 'row.changed_by_hand' then register in (
            'account', 'account_link', 'designated_role', 'invitation', 'notice', 'notice_delivery', 'notice_rule',
            'notice_way', 'role_grant', 'role_request', 'security_key')
        when p_event like 'host.%' then true
        when p_event like 'role.%' then
            -- An administrators' role is held at the supplier's own premises, and reaches everybody.
            t.id::text = coalesce(p_detail ->> 'authority', t.id::text)
            and exists (select from privileged_role p where p.role = p_detail ->> 'role')
        else exists (
            select from account a
            where a.id::text = entry.account and (a.kind = 'administrator' or exists (
                select from role_grant g join privileged_role p using (role)
                where g.account_id = a.id and g.authority_id = t.id)))
        end
$$;

set role vaka_ledger;

-- As before (0021); and besides: who works on the machine as an account that is nobody's own, which accounts it lets in that
-- nobody expects, and which roles administrators get and lose.
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
          and i.event in ('settings.changed', 'key.created', 'key.changed', 'schema.migrated', 'row.changed_by_hand',
                          'command.run', 'sign_in.refused', 'installation.decided', 'host.signed_in',
                          'host.accounts_differ')
        union all
        select i.* from entry_index i
        where i.concerns is null and i.event = 'connection.refused' and i.object not like 'device:%'
        union all
        select i.* from entry_index i join accounts a on i.actor = a.name
        where i.concerns is null and i.event in ('session.started', 'session.ended', 'access.denied', 'security_key.enrolled',
                                                  'security_key.renamed', 'security_key.removed', 'security_key.used',
                                                  'security_key.refused')
        union all
        select i.* from entry_index i
        where i.concerns is null and i.event in ('session.ended', 'security_key.removed') and i.actor not like 'account:%'
          and exists (
            select from accounts a join log_entry e on e.index = i.index
            where position(convert_to('"account":"' || a.name || '"', 'UTF8') in e.leaf) > 0)
        union all
        select i.* from entry_index i join accounts a on i.object = a.name
        where i.concerns is null
          and i.event in ('account.created', 'account.invited', 'account.linked', 'account.changed', 'account.deactivated',
                          'account.reactivated', 'account.removed', 'role.granted', 'role.revoked')
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
