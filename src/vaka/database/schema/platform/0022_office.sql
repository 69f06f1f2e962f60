-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The supplier's office: administrators are a class of their own (term 10), and what became of an account can be read.

-- Administrators' roles are held by administrators' accounts alone, at the supplier's own premises. The names are those of
-- vaka.access.roles with that realm; a test compares.
create function is_administrators_role(p_role text) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select p_role in ('administrator')
$$;
revoke all on function is_administrators_role from public;

create function refuse_role_of_another_class() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if is_administrators_role(new.role) and (
        new.authority_id is not null
        or not exists (select from account a where a.id = new.account_id and a.kind = 'administrator'))
    then
        raise exception '% is a role of administrators'' accounts', new.role
            using errcode = 'check_violation', constraint = 'role_of_its_class';
    end if;
    return new;
end $$;
revoke all on function refuse_role_of_another_class from public;
create trigger role_of_its_class before insert or update on role_grant
    for each row execute function refuse_role_of_another_class();

-- The supplier's administrators neither review nor approve for an authority, not as another account of theirs either.
alter table role_conflict disable trigger only_migrated;
insert into role_conflict (one, other, anywhere) values
    ('access_approver', 'administrator', true),
    ('administrator', 'auditor', true),
    ('administrator', 'log_reviewer', true);
alter table role_conflict enable trigger only_migrated;

set role vaka_ledger;

-- What became of one account, the newest first: made, invited, linked, changed, its roles, its keys, its sessions. Nothing
-- of what it did, and of an entry only what is shown.
create function ledger.account_history(p_account uuid, p_most integer)
    returns table (id bigint, happened_at timestamptz, event text, actor text, outcome text, detail jsonb)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with known as (
        select i.id, i.happened_at, i.event, i.actor, i.object, i.outcome, i.detail
        from inbox i
        where i.actor = 'account:' || p_account or i.object = 'account:' || p_account
           or i.detail ->> 'account' = 'account:' || p_account
        union all
        select e.id, i.happened_at, i.event, i.actor, i.object, i.outcome,
               convert_from(e.leaf, 'UTF8')::jsonb -> 'detail'
        from entry_index i join log_entry e using (index)
        where i.actor = 'account:' || p_account or i.object = 'account:' || p_account
           or (i.event in ('session.ended', 'security_key.removed') and i.actor not like 'account:%'
               and position(convert_to('"account":"account:' || p_account || '"', 'UTF8') in e.leaf) > 0)
    )
    select k.id, k.happened_at, k.event, k.actor, k.outcome,
           (select coalesce(jsonb_object_agg(d.key, d.value), '{}') from jsonb_each(k.detail) d
            where d.value <> 'null'
              and d.key in ('kind', 'role', 'authority', 'realm', 'method', 'issuer', 'level', 'reason', 'valid_until'))
    from known k
    where (k.object = 'account:' || p_account and k.event ~ '^(account|role)\.')
       or k.event ~ '^(session|security_key)\.' and k.event <> 'security_key.used'
    order by k.happened_at desc, k.id desc
    limit p_most
$$;
revoke all on function ledger.account_history from public;

reset role;
