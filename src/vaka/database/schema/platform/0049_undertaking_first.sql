-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Nobody of the supplier's is let in before the register holds an undertaking of secrecy that he has signed (term 4): not
-- invited, not linked by an invitation, not let back, not given a first key. Whoever is in already stays in: an undertaking
-- that expires or is withdrawn turns the term red and puts out nobody who answers alarms.

set role vaka_ledger;

-- Whether the log says that the office wrote exactly this version: a row that somebody forged has no such entry.
create function ledger.is_register_told(p_entry uuid, p_digest bytea) returns boolean
    -- Asked often: this language keeps the plan.
    language plpgsql stable security definer set search_path = ledger, pg_temp as $$
begin return (
    with sealed as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = 'register_entry:' || p_entry and i.event in ('register.entered', 'register.moved')
    ), said as (
        select leaf ->> 'outcome' as outcome, leaf ->> 'written_by' as written_by, leaf -> 'detail' ->> 'digest' as digest
        from sealed
        union all
        select i.outcome, i.written_by, i.detail ->> 'digest'
        from inbox i
        where i.object = 'register_entry:' || p_entry and i.event in ('register.entered', 'register.moved')
    )
    select exists (
        select from said
        where outcome = 'success' and written_by ~ '_office$' and digest = encode(p_digest, 'hex')));
end $$;
revoke all on function ledger.is_register_told from public;

set role vaka_owner;

-- The roles of an authority's own people; every other is the supplier's (access/roles.py).
create function is_authoritys_role(p_role text) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_role in ('log_reviewer', 'contract_officer', 'archivist', 'records_officer', 'auditor', 'access_approver',
                      'care_manager')
$$;
revoke all on function is_authoritys_role from public;

-- Whether a version stands as the office wrote it: its digest is right, and the log tells of it.
create function stands_as_written(p_entry uuid, p_number integer) returns boolean
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin return exists (
        select from register_version v
        where v.entry = p_entry and v.number = p_number
          and v.digest = register_digest(v.entry, v.number, v.register, v.state, v.fields, v.concerned, v.made_by)
          and ledger.is_register_told(v.entry, v.digest));
end $$;
revoke all on function stands_as_written from public;

-- Whom an entry is about; and whether a version still holds: none that is more than a draft has come after it.
create index register_version_person on register_version ((fields ->> 'person'), register);
create function is_newest(p_entry uuid, p_number integer) returns boolean
    language plpgsql stable set search_path = vaka, pg_temp as $$
begin return not exists (
        select from register_version n where n.entry = p_entry and n.number > p_number and n.state <> 'draft');
end $$;
revoke all on function is_newest from public;

-- Whether a human has signed an undertaking that covers the supplier's customers and holds at a time. What the log says is
-- asked last, of few.
create function has_undertaking(p_human uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with signed as materialized (
        select h.entry, h.number
        from account mine join register_version h on h.fields ->> 'person' = mine.id::text and h.register = 'undertakings'
        where mine.human = p_human and h.state = 'noted' and h.fields ->> 'customers' = 'yes'
          and (h.fields ->> 'signed')::date <= p_at::date
          and coalesce((h.fields ->> 'valid_until')::date >= p_at::date, true)
    )
    select exists (select from signed s where is_newest(s.entry, s.number) and stands_as_written(s.entry, s.number))
$$;
revoke all on function has_undertaking from public;

-- Whether somebody of the supplier's would be let in without. Of an authority's people nobody asks the supplier's register:
-- whoever signs in to a portal and has no role of the supplier's, and without a place named, whom an account was made for
-- in a portal. While the installation is being founded there is nobody yet who could write in the register.
create function lacks_undertaking(p_account uuid, p_realm text, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select not is_founding() and exists (
        select from account a
        where a.id = p_account and not has_undertaking(a.human, p_at) and (
            a.kind = 'administrator' or p_realm in ('operator', 'administrator')
            or exists (select from role_grant g where g.account_id = a.id and not is_authoritys_role(g.role))
            or (p_realm is null and not exists (select from role_grant g where g.account_id = a.id) and not exists (
                select from account_request r
                where r.account_id = a.id and r.kind = 'create' and r.state = 'approved' and r.realm = 'authority'))))
$$;
revoke all on function lacks_undertaking from public;

-- Holds wherever somebody is let in, whoever writes the row. The time is the act's own.
create function require_undertaking() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    facts jsonb := to_jsonb(new);
    happened timestamptz := (coalesce(facts ->> 'redeemed_at', facts ->> 'decided_at', facts ->> 'created_at'))::timestamptz;
begin
    if lacks_undertaking(new.account_id, facts ->> 'realm', happened) then
        raise exception 'the register holds no undertaking of secrecy of whom the account is for'
            using errcode = 'check_violation', constraint = 'undertaking_first';
    end if;
    return new;
end $$;
revoke all on function require_undertaking from public;

create trigger undertaking_first before insert on invitation for each row execute function require_undertaking();
create trigger undertaking_first_linked before update of redeemed_at on invitation for each row
    when (new.redeemed_at is not null and old.redeemed_at is null) execute function require_undertaking();
create trigger undertaking_first before update of state on account_request for each row
    when (new.state = 'approved' and old.state = 'waiting' and new.kind in ('reactivate', 'first_key'))
    execute function require_undertaking();
create trigger undertaking_first_key before update of redeemed_at on account_request for each row
    when (new.redeemed_at is not null and old.redeemed_at is null) execute function require_undertaking();

-- Whoever came in as one of an authority's gets no role of the supplier's by that way. Who has one has come in already.
create function require_undertaking_of_comers() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if is_authoritys_role(new.role)
       or not exists (select from account_link l where l.account_id = new.account_id and l.retired_at is null)
       or exists (select from role_grant g where g.account_id = new.account_id and not is_authoritys_role(g.role))
    then
        return new;
    elsif lacks_undertaking(new.account_id, 'operator', new.granted_at) then
        raise exception 'the register holds no undertaking of secrecy of whom the account is for'
            using errcode = 'check_violation', constraint = 'undertaking_first';
    end if;
    return new;
end $$;
revoke all on function require_undertaking_of_comers from public;
create trigger undertaking_first before insert on role_grant for each row execute function require_undertaking_of_comers();
