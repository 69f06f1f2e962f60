-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Movers of name, and who decides (terms 8, 10, 12 and 13): an account is called something else once another human has
-- approved it; it comes back and goes for ever in no other way; and authorities are told of what is asked for.

alter table account_request drop constraint account_request_kind_check;
alter table account_request add constraint account_request_kind_check
    check (kind in ('create', 'reactivate', 'remove', 'first_key', 'rename'));

-- Authorities are told already when something is asked for, or allowed, about who administers: who waits until it is done
-- cannot object. That a request was refused or ran out changes nothing, but ends what they were told of.
alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values
    ('account.requested', 'holders'), ('account.approved', 'holders'), ('account.refused', 'holders'),
    ('account.renamed', 'holders'), ('security_key.allowed', 'holders');
alter table notice_event enable trigger only_migrated;

-- Of which registers authorities are told when somebody changes a row by hand: those that say who gets in and may do what. A
-- request that nobody made, and an issuer that nobody approved, are two ways in.
create table notice_register (register text primary key);
insert into notice_register
select unnest(array['account', 'account_link', 'account_request', 'designated_role', 'invitation', 'notice',
                    'notice_delivery', 'notice_rule', 'notice_way', 'role_grant', 'role_request', 'security_key',
                    'trusted_issuer']);
create trigger only_migrated before insert or update or delete or truncate on notice_register
    for each statement execute function refuse_other_pairs();

-- As before (0025), and which registers they are is data.
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
        when p_event = 'row.changed_by_hand' then exists (select from notice_register n where n.register = entry.register)
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

insert into ledger.telling (register, operation, event, names, kind) values
    ('account', 'update', 'account.renamed', 'object', 'account');
insert into ledger.concern (event, whose) values ('account.renamed', 'object');

set role vaka_owner;

-- As before (0028), and another name is asked for like the rest.
create or replace function request_account(
    p_id uuid, p_kind text, p_account uuid, p_human uuid, p_name text, p_realm text, p_language text, p_ends timestamptz,
    p_reason text, p_by uuid, p_actor text, p_step_up text, p_answer_by timestamptz, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    known account;
    whose uuid := p_human;
    hash bytea;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into known from account a where a.id = p_account;
    if p_kind = 'create' then
        if known.id is not null or exists (
            select from account a
            where a.human = p_human and (a.kind = 'administrator') = (p_realm = 'administrator'))
        then
            return 'taken';
        end if;
    elsif known.id is null or (p_kind, known.state) not in (
        ('reactivate', 'deactivated'), ('remove', 'active'), ('remove', 'deactivated'), ('first_key', 'active'),
        ('rename', 'active'), ('rename', 'deactivated'))
        or (p_kind = 'first_key' and known.kind <> 'administrator')
    then
        return 'gone';
    elsif p_kind = 'rename' and known.display_name = p_name then
        return 'same';
    else
        whose := known.human;
    end if;
    if exists (select from account_request r where r.account_id = p_account and r.state = 'waiting') then
        return 'waiting';
    end if;
    hash := account_request_digest(p_kind, p_account, whose, p_name, p_realm, p_language, p_ends, p_reason);
    perform ledger.append(p_at, 'account.requested', p_actor, 'account:' || p_account, 'success', jsonb_strip_nulls(
        jsonb_build_object('request', p_id, 'kind', p_kind, 'realm', p_realm, 'valid_until', tell_moment(p_ends),
                           'digest', encode(hash, 'hex'), 'reason', p_reason, 'step_up', p_step_up)));
    insert into account_request (id, kind, account_id, human, display_name, realm, language, ends_at, reason, digest,
                                 requested_by, requested_at, answer_by)
    values (p_id, p_kind, p_account, whose, p_name, p_realm, p_language, p_ends, p_reason, hash, p_by, p_at, p_answer_by);
    return 'done';
end $$;
-- Approves or refuses exactly what was shown, or takes back what one asked for oneself; as office. What was approved is
-- done in the same transaction. Says 'done', or why not.
create or replace function decide_account_request(
    p_id uuid, p_digest bytea, p_verdict text, p_by uuid, p_decision text, p_step_up text, p_code_hash bytea,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked account_request;
    mine uuid := (select a.human from account a where a.id = p_by);
    theirs uuid;
    actor text := 'account:' || p_by;
    said text;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into asked from account_request r where r.id = p_id for update;
    if asked.id is null or asked.state <> 'waiting' or asked.answer_by <= p_at then
        return 'gone';
    elsif asked.digest <> p_digest or asked.digest <> account_request_digest(
        asked.kind, asked.account_id, asked.human, asked.display_name, asked.realm, asked.language, asked.ends_at,
        asked.reason)
    then
        return 'changed';
    end if;
    select a.human into theirs from account a where a.id = asked.requested_by;
    if p_verdict = 'withdrawn' and theirs is distinct from mine then
        return 'stranger';
    elsif p_verdict <> 'withdrawn' and mine in (theirs, asked.human) then
        return 'own';
    end if;
    perform ledger.append(
        p_at, case p_verdict when 'approved' then 'account.approved' else 'account.refused' end, actor,
        'account:' || asked.account_id, 'success', jsonb_strip_nulls(jsonb_build_object(
            'request', p_id, 'kind', asked.kind, 'digest', encode(p_digest, 'hex'), 'verdict', p_verdict,
            'reason', nullif(p_decision, ''), 'step_up', p_step_up)));
    update account_request
    set state = p_verdict, decided_by = p_by, decided_at = p_at, decision = p_decision, display_name = '',
        code_hash = case when p_verdict = 'approved' and kind = 'first_key' then p_code_hash end
    where id = p_id;
    if p_verdict <> 'approved' then
        return 'done';
    elsif asked.kind = 'create' then
        insert into account (id, human, display_name, kind, language, created_at)
        values (asked.account_id, asked.human, asked.display_name,
                case asked.realm when 'administrator' then 'administrator' else 'user' end, asked.language, p_at);
        perform ledger.append(p_at, 'account.created', actor, 'account:' || asked.account_id, 'success', jsonb_build_object(
            'kind', case asked.realm when 'administrator' then 'administrator' else 'user' end, 'request', p_id));
        if asked.ends_at is not null then
            perform end_account(asked.account_id, asked.ends_at, actor, p_at);
        end if;
        if asked.realm = 'administrator' then
            perform ledger.append(p_at, 'role.granted', actor, 'account:' || asked.account_id, 'success',
                                  jsonb_build_object('authority', null, 'role', 'administrator'));
            insert into role_grant (account_id, role, authority_id, granted_at)
            values (asked.account_id, 'administrator', null, p_at);
        end if;
        return 'done';
    elsif asked.kind = 'first_key' then
        return 'done';
    elsif asked.kind = 'rename' then
        update account set display_name = asked.display_name where id = asked.account_id and state <> 'removed';
        if not found then
            raise exception 'cannot be done' using errcode = 'object_not_in_prerequisite_state', detail = 'gone';
        end if;
        perform ledger.append(p_at, 'account.renamed', actor, 'account:' || asked.account_id, 'success',
                              jsonb_build_object('request', p_id));
        return 'done';
    end if;
    said := change_account(asked.account_id, case asked.kind when 'remove' then 'removed' else 'active' end, actor, p_at);
    if said <> 'done' then
        raise exception 'cannot be done' using errcode = 'object_not_in_prerequisite_state', detail = said;
    end if;
    return 'done';
end $$;

-- Puts somebody out at once, as office or setup: whoever closes a door needs nobody else. Says 'done', or why not. Opening
-- one again, and removing for ever, is decided by two (decide_account_request): neither role may call change_account.
create function put_out_account(p_account uuid, p_actor text, p_at timestamptz) returns text
    language sql security definer set search_path = vaka, pg_temp as $$
    select change_account(p_account, 'deactivated', p_actor, p_at)
$$;
revoke all on function put_out_account from public;

reset role;
