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

-- Who works on the machine as an account that is nobody's own, which accounts it lets in that nobody expects, and which
-- roles administrators get and lose.
insert into ledger.concern (event, whose) values
    ('host.signed_in', 'everybody'), ('host.accounts_differ', 'everybody'), ('role.granted', 'object'),
    ('role.revoked', 'object');

reset role;
