-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Keys for emergencies (term 15): custodians among the administrators, each with a hardware key that is good for nothing
-- else. Two people decide that one is added and that one goes.

alter table security_key
    add column purpose text not null default 'own' check (purpose in ('own', 'emergency')),
    add constraint emergency_key_is_hardware check (purpose = 'own' or (device_bound and attested));
comment on column security_key.purpose is
    'What it is good for: its owner''s acts and sign-ins, or an emergency and nothing else. Bound like the rest.';
create unique index security_key_one_for_emergencies on security_key (account_id) where purpose = 'emergency';

create function has_emergency_key(p_account uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from security_key k where k.account_id = p_account and k.purpose = 'emergency')
$$;
revoke all on function has_emergency_key from public;

-- The approved request by which an account may add its key now; null where there is none. It holds for a week.
create function emergency_key_request(p_account uuid, p_at timestamptz) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.id from account_request r join account a on a.id = r.account_id
    where r.account_id = p_account and r.kind = 'emergency_key' and r.state = 'approved' and r.redeemed_at is null
      and r.decided_at > p_at - interval '7 days' and r.decided_at <= p_at
      and a.kind = 'administrator' and a.state = 'active' and not has_emergency_key(p_account)
    order by r.decided_at desc limit 1
$$;
revoke all on function emergency_key_request from public;

-- Whoever writes the row, a key for emergencies takes an approved request with it, once; and it goes by a request alone.
create function keep_emergency_keys() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    allowed uuid := emergency_key_request(new.account_id, new.added_at);
begin
    if allowed is null then
        raise exception 'two people decide who has a key for emergencies' using errcode = 'insufficient_privilege';
    end if;
    perform ledger.append(new.added_at, 'security_key.allowed', 'account:' || new.account_id, 'account:' || new.account_id,
                          'success', jsonb_build_object('request', allowed, 'key_for', 'emergency'));
    update account_request set redeemed_at = new.added_at where id = allowed;
    return new;
end $$;
revoke all on function keep_emergency_keys from public;
create trigger emergency_key_is_allowed before insert on security_key for each row when (new.purpose = 'emergency')
    execute function keep_emergency_keys();

create function refuse_emergency_keys() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    -- The functions by which two people decide, and by which an account is removed for ever, run as the owner.
    if current_user <> 'vaka_owner' or tg_op = 'UPDATE' then
        raise exception 'two people decide who has a key for emergencies' using errcode = 'insufficient_privilege';
    end if;
    return old;
end $$;
create trigger emergency_key_stays before delete on security_key for each row when (old.purpose = 'emergency')
    execute function refuse_emergency_keys();
create trigger purpose_stays before update of purpose, account_id on security_key for each row
    when ((new.purpose, new.account_id) is distinct from (old.purpose, old.account_id))
    execute function refuse_emergency_keys();

alter table account_request drop constraint account_request_kind_check;
alter table account_request add constraint account_request_kind_check
    check (kind in ('create', 'reactivate', 'remove', 'first_key', 'rename', 'emergency_key', 'emergency_key_removal'));

-- As before (0037), and keys for emergencies are asked for like the rest.
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
        ('rename', 'active'), ('rename', 'deactivated'),
        ('emergency_key', 'active'), ('emergency_key_removal', 'active'), ('emergency_key_removal', 'deactivated'))
        or (p_kind in ('first_key', 'emergency_key') and known.kind <> 'administrator')
        -- One at a time: whoever lost his has it removed first.
        or ((p_kind = 'emergency_key' and has_emergency_key(p_account))
            or (p_kind = 'emergency_key_removal' and not has_emergency_key(p_account)))
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

-- As before (0037): approves or refuses exactly what was shown, or takes back what one asked for oneself; as office. What was
-- approved is done in the same transaction. Says 'done', or why not. A key for emergencies that goes is removed here.
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
    elsif asked.kind in ('first_key', 'emergency_key') then
        return 'done';
    elsif asked.kind = 'emergency_key_removal' then
        if not has_emergency_key(asked.account_id) then
            raise exception 'cannot be done' using errcode = 'object_not_in_prerequisite_state', detail = 'gone';
        end if;
        perform ledger.append(p_at, 'security_key.removed', actor, 'security_key:' || k.id, 'success', jsonb_build_object(
            'account', 'account:' || k.account_id, 'key_for', k.purpose, 'request', p_id))
        from security_key k where k.account_id = asked.account_id and k.purpose = 'emergency';
        delete from security_key k where k.account_id = asked.account_id and k.purpose = 'emergency';
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
