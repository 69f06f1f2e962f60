-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Roles that an authority has designated (term 9), and exceptions from separated duties (term 2): what somebody has asked
-- for and what the authority's approver made of it. A grant of a designated role is worth something only with an approval
-- that says exactly the same, and of which the log says that the authority's own component wrote it.

create table designated_role (
    authority_id uuid not null references authority,
    role         text not null,
    since        timestamptz not null,
    designated_by uuid not null references account,
    reason       text not null check (reason ~ '\S' and length(reason) <= 200),
    primary key (authority_id, role)
);

create table role_request (
    id           uuid primary key,
    -- approval: of a designated role. emergency: the same, and it holds until answer_by without one. exception: the role
    -- may not be held beside another. standing: it was held when the role was designated.
    kind         text not null check (kind in ('approval', 'emergency', 'exception', 'standing')),
    account_id   uuid not null references account,
    human        uuid not null,
    role         text not null check (role ~ '^[a-z]+(_[a-z]+)*$'),
    authority_id uuid not null references authority,
    valid_from   timestamptz not null,
    valid_until  timestamptz check (valid_until > valid_from),
    -- What is approved: SHA-256 over the five above (grant_digest).
    digest       bytea not null check (octet_length(digest) = 32),
    reason       text not null check (reason ~ '\S' and length(reason) <= 200),
    -- Of an exception: the role that is held, and what is done instead of separating them.
    beside       text,
    control      text check (control ~ '\S' and length(control) <= 200),
    requested_by text not null,
    -- Until when an answer is waited for.
    answer_by    timestamptz,
    state        text not null default 'waiting'
                 check (state in ('waiting', 'approved', 'refused', 'lapsed', 'ended')),
    decided_by   uuid references account,
    decided_at   timestamptz,
    decision     text check (length(decision) <= 200),
    -- The number of the entry that makes it hold: the approval's; of an emergency that waits, the request's.
    entry        bigint not null,
    check ((kind = 'exception') = (beside is not null and control is not null)),
    check (kind <> 'exception' or (valid_until is not null and valid_until <= valid_from + interval '4320 hours')),
    check (kind <> 'emergency' or (answer_by is not null and answer_by <= valid_from + interval '24 hours')),
    check (state not in ('approved', 'refused', 'ended') or (decided_by is not null and decided_at is not null))
);
create index role_request_waits on role_request (authority_id) where state = 'waiting';

-- Which request a grant rests on.
alter table role_grant add column request_id uuid references role_request;

-- What was found of no effect and told of, so that it is told once.
create table unauthorised_grant (
    account_id   uuid not null,
    role         text not null,
    authority_id uuid not null,
    digest       bytea not null,
    told_at      timestamptz not null,
    primary key (account_id, role, authority_id, digest)
);

do $$
declare
    guarded record;
begin
    for guarded in
        select * from (values ('designated_role', 'role'), ('role_request', 'id'),
                              ('unauthorised_grant', 'account_id')) as g (name, identifier)
    loop
        execute format('create constraint trigger entered after insert or update or delete on %I deferrable initially '
                       'deferred for each row execute function enter_change_by_hand(%L)', guarded.name,
                       guarded.identifier);
        execute format('create trigger emptying_entered after truncate on %I for each statement '
                       'execute function enter_change_by_hand(%L)', guarded.name, guarded.identifier);
    end loop;
end $$;

-- The login role decides, and the function it calls; neither the owner nor a superuser can do any of this by a statement.
create function refuse_other_deciders() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
declare
    component text := (select max(g.rolname::text) from pg_auth_members m join pg_roles g on g.oid = m.roleid
                       where m.member = session_user::regrole and g.rolname ~ '^g_');
    allowed boolean := false;
begin
    if current_user = 'vaka_owner' and component is not null then
        if tg_table_name = 'designated_role' then
            allowed := component = 'g_portal' and tg_op in ('INSERT', 'DELETE');
        elsif tg_op = 'INSERT' then
            allowed := (component = 'g_setup' and new.state = 'waiting' and new.kind <> 'standing')
                       or (component = 'g_portal' and new.kind = 'standing');
        elsif tg_op = 'UPDATE' then
            allowed := to_jsonb(old) - '{state,decided_by,decided_at,decision,entry}'::text[]
                       = to_jsonb(new) - '{state,decided_by,decided_at,decision,entry}'::text[]
                       and ((component = 'g_portal' and old.state = 'waiting' and new.state in ('approved', 'refused'))
                            or (component = 'g_scheduler' and old.state = 'waiting' and new.state = 'lapsed'));
        end if;
    end if;
    -- What only takes away, whoever takes a grant away does (end_request).
    if current_user = 'vaka_owner' and tg_op = 'UPDATE' and tg_table_name = 'role_request' then
        allowed := allowed or (to_jsonb(old) - 'state' = to_jsonb(new) - 'state'
                               and ((old.state = 'approved' and new.state = 'ended')
                                    or (old.state = 'waiting' and old.kind = 'emergency' and new.state = 'lapsed')));
    end if;
    if not allowed then
        raise exception 'the authority decides that, in its portal' using errcode = 'insufficient_privilege';
    end if;
    return case when tg_op = 'DELETE' then old else new end;
end $$;
create trigger only_decided before insert or update or delete on designated_role
    for each row execute function refuse_other_deciders();
create trigger never_truncated before truncate on designated_role
    for each statement execute function refuse_other_deciders();
create trigger only_decided before insert or update or delete on role_request
    for each row execute function refuse_other_deciders();
create trigger never_truncated before truncate on role_request
    for each statement execute function refuse_other_deciders();

-- An approval is used up with its grant: the same row, put there again, is worth nothing.
create function end_request() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update role_request set state = case state when 'approved' then 'ended' else 'lapsed' end
    where id = old.request_id and (state = 'approved' or (state = 'waiting' and kind = 'emergency'));
    return null;
end $$;
revoke all on function end_request from public;
create trigger ends_request after delete on role_grant
    for each row when (old.request_id is not null) execute function end_request();

-- What an approval is bound to.
create function grant_digest(
    p_human uuid, p_account uuid, p_role text, p_authority uuid, p_from timestamptz, p_until timestamptz
) returns bytea
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select sha256(convert_to(
        'vaka role grant 1' || chr(10) || p_human || chr(10) || p_account || chr(10) || p_role || chr(10) || p_authority
        || chr(10) || to_char(p_from at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || chr(10)
        || coalesce(to_char(p_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '-'), 'UTF8'))
$$;
revoke all on function grant_digest from public;

-- A moment as entries tell it.
create function tell_moment(p_at timestamptz) returns text
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select to_char(p_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')
$$;
revoke all on function tell_moment from public;

create function is_excepted(p_human uuid, p_role text, p_authority uuid, p_until timestamptz, p_beside text)
    returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from role_request r
        where r.kind = 'exception' and r.state = 'approved' and r.human = p_human and r.role = p_role
          and r.authority_id = p_authority and r.beside = p_beside and p_until <= r.valid_until)
$$;
revoke all on function is_excepted from public;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('role_request', 'insert', 'role.requested', 'nothing', ''),
    ('role_request', 'insert', 'role.approved', 'nothing', ''),
    ('role_request', 'update', 'role.approved', 'nothing', ''),
    ('role_request', 'update', 'role.refused', 'nothing', ''),
    ('role_request', 'update', 'role.lapsed', 'nothing', ''),
    ('role_request', 'update', 'role.revoked', 'nothing', ''),
    ('role_grant', 'insert', 'role.requested', 'object', 'account'),
    ('role_grant', 'update', 'role.requested', 'object', 'account'),
    ('role_grant', 'insert', 'role.approved', 'object', 'account'),
    ('role_grant', 'update', 'role.approved', 'object', 'account'),
    ('role_grant', 'delete', 'role.refused', 'object', 'account'),
    ('role_grant', 'delete', 'role.lapsed', 'object', 'account'),
    ('designated_role', 'insert', 'role.designated', 'nothing', ''),
    ('designated_role', 'delete', 'role.released', 'nothing', ''),
    ('unauthorised_grant', 'insert', 'role.unauthorised', 'object', 'account');

-- Only the component that does such a thing can say that it did.
alter table ledger.inbox add constraint roles_are_asked_for_by_setup
    check (event <> 'role.requested' or written_by ~ '_setup$'),
    add constraint roles_are_approved_by_the_authority
    check (event not in ('role.approved', 'role.refused', 'role.designated', 'role.released')
           or written_by ~ '_portal$'),
    add constraint roles_lapse_by_the_scheduler
    check (event not in ('role.lapsed', 'role.unauthorised') or written_by ~ '_scheduler$');

-- Whether the log says of the entry with this number that it asked for, or approved, exactly this.
create function ledger.is_role_told(p_entry bigint, p_event text, p_account uuid, p_digest bytea) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select i.event, i.object, i.detail, i.written_by from inbox i where i.id = p_entry
        union all
        select leaf ->> 'event', leaf ->> 'object', leaf -> 'detail', leaf ->> 'written_by'
        from (select convert_from(e.leaf, 'UTF8')::jsonb as leaf from log_entry e where e.id = p_entry) sealed
    )
    select exists (
        select from said
        where event = p_event and object = 'account:' || p_account and detail ->> 'digest' = encode(p_digest, 'hex')
          and written_by ~ case p_event when 'role.requested' then '_setup$' else '_portal$' end)
$$;
revoke all on function ledger.is_role_told from public;
-- The view below names it; all rights stand in grants.sql, which comes after.
grant usage on schema ledger to vaka_owner;

set role vaka_owner;

-- Every grant that is worth something: what is decided by everywhere. Of an emergency only until an answer is due. That
-- an entry is looked up costs two reads by number, for designated roles alone.
create view effective_grant as
    select g.account_id, g.role, g.authority_id, g.granted_at,
           case when d.role is not null and r.state = 'waiting' then least(g.valid_until, r.answer_by)
                else g.valid_until end as valid_until
    from role_grant g
    join account a on a.id = g.account_id
    left join designated_role d on d.authority_id = g.authority_id and d.role = g.role
    left join role_request r on d.role is not null and r.id = g.request_id
        and (r.state = 'approved' or (r.state = 'waiting' and r.kind = 'emergency'))
    where d.role is null
       or (r.digest = grant_digest(a.human, g.account_id, g.role, g.authority_id, g.granted_at, g.valid_until)
           and ledger.is_role_told(r.entry, case r.state when 'approved' then 'role.approved' else 'role.requested' end,
                                   g.account_id, r.digest));

-- Asks the authority, as setup. Of an emergency the role is given at once. Returns the number of the entry; null where an
-- emergency of the same role was given lately and nobody approved it.
create function request_role(
    p_id uuid, p_kind text, p_account uuid, p_role text, p_authority uuid, p_from timestamptz, p_until timestamptz,
    p_reason text, p_control text, p_answer_by timestamptz, p_actor text
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid := (select a.human from account a where a.id = p_account and a.state = 'active');
    hash bytea := grant_digest(whose, p_account, p_role, p_authority, p_from, p_until);
    besides text := conflicting_role(p_account, p_role, p_authority, p_from, p_until);
    number bigint;
begin
    if whose is null then
        raise exception 'no such account' using errcode = 'no_data_found';
    end if;
    if p_kind = 'exception' and besides is null then
        raise exception 'nothing to except' using errcode = 'object_not_in_prerequisite_state';
    elsif p_kind <> 'exception' and besides is not null then
        raise exception 'one human may not hold % and %', besides, p_role
            using errcode = 'check_violation', constraint = 'separated_duties', detail = besides;
    elsif p_kind <> 'exception'
          and not exists (select from designated_role d where d.authority_id = p_authority and d.role = p_role)
    then
        raise exception 'nobody has to approve it' using errcode = 'object_not_in_prerequisite_state';
    end if;
    if p_kind = 'emergency' and exists (
        select from role_grant g where g.account_id = p_account and g.role = p_role and g.authority_id = p_authority)
    then
        raise exception 'nobody has to approve it' using errcode = 'object_not_in_prerequisite_state';
    elsif p_kind = 'emergency' and exists (
        select from role_request r
        where r.kind = 'emergency' and r.human = whose and r.role = p_role and r.authority_id = p_authority
          and r.state <> 'approved' and r.valid_from > p_from - interval '720 hours')
    then
        return null;
    end if;
    number := ledger.append(p_from, 'role.requested', p_actor, 'account:' || p_account, 'success', jsonb_strip_nulls(
        jsonb_build_object('request', p_id, 'kind', p_kind, 'role', p_role, 'authority', p_authority,
                           'valid_until', tell_moment(p_until), 'answer_by', tell_moment(p_answer_by), 'digest', encode(hash, 'hex'),
                           'beside', case p_kind when 'exception' then besides end, 'reason', p_reason)));
    insert into role_request (id, kind, account_id, human, role, authority_id, valid_from, valid_until, digest, reason,
                              beside, control, requested_by, answer_by, entry)
    values (p_id, p_kind, p_account, whose, p_role, p_authority, p_from, p_until, hash, p_reason,
            case p_kind when 'exception' then besides end, p_control, p_actor, p_answer_by, number);
    if p_kind = 'emergency' then
        insert into role_grant (account_id, role, authority_id, granted_at, valid_until, request_id)
        values (p_account, p_role, p_authority, p_from, p_until, p_id);
    end if;
    return number;
end $$;
revoke all on function request_role from public;

-- Why an account may not decide this for an authority, or null. Whoever has an administrator's account as well, or a role
-- that may not be held beside the approver's anywhere, is the supplier's.
create function undecided_because(p_account uuid, p_role text, p_authority uuid, p_at timestamptz) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when a.id is null or a.state <> 'active' or a.kind <> 'user' then 'stranger'
        when exists (select from account o where o.human = a.human and o.kind = 'administrator')
          or exists (select from account o join role_grant g on g.account_id = o.id
                     join role_conflict c on c.anywhere
                      and (c.one, c.other) in (('access_approver', g.role), (g.role, 'access_approver'))
                     where o.human = a.human and (g.valid_until is null or g.valid_until > p_at)) then 'supplier'
        when not exists (select from effective_grant g
                         where g.account_id = a.id and g.role in (p_role, 'access_approver')
                           and g.authority_id = p_authority
                           and (g.valid_until is null or g.valid_until > p_at)) then 'stranger'
    end
    from (values (p_account)) as asked (id) left join account a on a.id = asked.id
$$;
revoke all on function undecided_because from public;

-- Approves or refuses what was shown, by its digest, as portal. Says 'done', or why not.
create function decide_role_request(
    p_id uuid, p_digest bytea, p_verdict text, p_account uuid, p_decision text, p_authority uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked role_request;
    decider uuid := (select a.human from account a where a.id = p_account);
    hindrance text := undecided_because(p_account, 'access_approver', p_authority, p_at);
    number bigint;
begin
    if p_verdict not in ('approved', 'refused') then
        raise exception 'there is no such verdict' using errcode = 'check_violation';
    end if;
    select r.* into asked from role_request r
    where r.id = p_id and r.authority_id = p_authority and r.state = 'waiting' for update;
    if asked.id is null or asked.answer_by <= p_at then
        return 'gone';
    elsif hindrance is not null then
        return hindrance;
    elsif asked.human = decider or exists (
        select from account a where 'account:' || a.id = asked.requested_by and a.human = decider)
    then
        return 'own';
    elsif asked.digest is distinct from p_digest or asked.digest is distinct from grant_digest(
        asked.human, asked.account_id, asked.role, asked.authority_id, asked.valid_from, asked.valid_until)
        or not ledger.is_role_told(asked.entry, 'role.requested', asked.account_id, asked.digest)
    then
        return 'changed';
    end if;
    number := ledger.append(
        p_at, 'role.' || p_verdict, 'account:' || p_account, 'account:' || asked.account_id, 'success',
        jsonb_strip_nulls(jsonb_build_object(
            'request', p_id, 'kind', asked.kind, 'role', asked.role, 'authority', p_authority,
            'valid_until', tell_moment(asked.valid_until), 'digest', encode(asked.digest, 'hex'), 'beside', asked.beside,
            'reason', nullif(p_decision, ''))));
    update role_request
    set state = p_verdict, decided_by = p_account, decided_at = p_at, decision = p_decision, entry = number
    where id = p_id;
    if p_verdict = 'refused' then
        delete from role_grant g where g.request_id = p_id;
        return 'done';
    end if;
    update role_request r set state = 'ended'
    where r.account_id = asked.account_id and r.role = asked.role and r.authority_id = p_authority
      and r.state = 'approved' and r.id <> p_id;
    if asked.kind <> 'emergency' then
        insert into role_grant (account_id, role, authority_id, granted_at, valid_until, request_id)
        values (asked.account_id, asked.role, asked.authority_id, asked.valid_from, asked.valid_until, p_id)
        on conflict (account_id, role, coalesce(authority_id, '00000000-0000-0000-0000-000000000000')) do update
            set granted_at = excluded.granted_at, valid_until = excluded.valid_until, request_id = excluded.request_id;
    end if;
    return 'done';
end $$;
revoke all on function decide_role_request from public;

-- What somebody who designates a role has to have seen: everybody who holds it.
create function holders_digest(p_authority uuid, p_role text) returns bytea
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select sha256(coalesce(string_agg(
        grant_digest(a.human, g.account_id, g.role, g.authority_id, g.granted_at, g.valid_until), ''::bytea
        order by g.account_id), ''::bytea))
    from role_grant g join account a on a.id = g.account_id
    where g.authority_id = p_authority and g.role = p_role
$$;
revoke all on function holders_digest from public;

-- Designates a role, as portal, and approves whoever holds it then: nobody who works loses a role by it. Who holds it
-- himself cannot. Says 'done', or why not.
create function designate_role(
    p_authority uuid, p_role text, p_holders bytea, p_account uuid, p_reason text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
    held record;
    as_was constant text := 'standing';
    hash bytea;
    request uuid;
    number bigint;
begin
    lock table role_grant in share row exclusive mode;
    if exists (select from designated_role d where d.authority_id = p_authority and d.role = p_role) then
        return 'gone';
    elsif hindrance is not null then
        return hindrance;
    elsif exists (select from role_grant g join account a on a.id = g.account_id
                  where g.authority_id = p_authority and g.role = p_role
                    and a.human = (select o.human from account o where o.id = p_account))
    then
        return 'own';
    elsif holders_digest(p_authority, p_role) is distinct from p_holders then
        return 'changed';
    end if;
    perform ledger.append(p_at, 'role.designated', 'account:' || p_account, 'authority:' || p_authority, 'success',
                          jsonb_build_object('role', p_role, 'authority', p_authority, 'reason', p_reason,
                                             'digest', encode(p_holders, 'hex')));
    insert into designated_role (authority_id, role, since, designated_by, reason)
    values (p_authority, p_role, p_at, p_account, p_reason);
    for held in
        select g.*, a.human from role_grant g join account a on a.id = g.account_id
        where g.authority_id = p_authority and g.role = p_role
          and (g.valid_until is null or g.valid_until > p_at)
        order by g.account_id
    loop
        hash := grant_digest(held.human, held.account_id, held.role, held.authority_id, held.granted_at, held.valid_until);
        request := gen_random_uuid();
        number := ledger.append(
            p_at, 'role.approved', 'account:' || p_account, 'account:' || held.account_id, 'success',
            jsonb_strip_nulls(jsonb_build_object(
                'request', request, 'kind', as_was, 'role', p_role, 'authority', p_authority,
                'valid_until', tell_moment(held.valid_until), 'digest', encode(hash, 'hex'))));
        insert into role_request (id, kind, account_id, human, role, authority_id, valid_from, valid_until, digest,
                                  reason, requested_by, state, decided_by, decided_at, decision, entry)
        values (request, 'standing', held.account_id, held.human, p_role, p_authority, held.granted_at,
                held.valid_until, hash, p_reason, 'account:' || p_account, 'approved', p_account, p_at, p_reason,
                number);
        update role_grant set request_id = request
        where account_id = held.account_id and role = p_role and authority_id = p_authority;
    end loop;
    return 'done';
end $$;
revoke all on function designate_role from public;

-- Takes a designation back, as portal. Says 'done', or why not.
create function release_role(p_authority uuid, p_role text, p_account uuid, p_reason text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    elsif exists (select from role_grant g join account a on a.id = g.account_id
                  where g.authority_id = p_authority and g.role = p_role
                    and a.human = (select o.human from account o where o.id = p_account))
    then
        return 'own';
    end if;
    perform ledger.append(p_at, 'role.released', 'account:' || p_account, 'authority:' || p_authority, 'success',
                          jsonb_build_object('role', p_role, 'authority', p_authority, 'reason', p_reason));
    delete from designated_role where authority_id = p_authority and role = p_role;
    return case when found then 'done' else 'gone' end;
end $$;
revoke all on function release_role from public;

-- What time does, as scheduler: requests that nobody answered lapse, and an emergency's role with them; an exception that
-- is over takes its role along; a grant that is worth nothing is told of once. Returns how many.
create function settle_roles(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    due record;
    why text;
    count bigint := 0;
begin
    for due in
        select r.* from role_request r
        where (r.state = 'waiting' and r.answer_by <= p_at)
           or (r.state = 'approved' and r.kind = 'exception' and r.valid_until <= p_at)
        order by r.id for update
    loop
        why := case when due.kind = 'exception' and due.state = 'approved' then 'exception_ended'
                    else 'not_approved' end;
        perform ledger.append(p_at, 'role.lapsed', 'scheduler', 'account:' || due.account_id, 'success',
                              jsonb_build_object('request', due.id, 'kind', due.kind, 'role', due.role,
                                                 'authority', due.authority_id, 'reason', why));
        update role_request set state = case due.state when 'approved' then 'ended' else 'lapsed' end where id = due.id;
        delete from role_grant g where g.request_id = due.id;
        count := count + 1;
    end loop;
    for due in
        select g.account_id, g.role, g.authority_id,
               grant_digest(a.human, g.account_id, g.role, g.authority_id, g.granted_at, g.valid_until) as digest
        from role_grant g
        join account a on a.id = g.account_id
        join designated_role d on d.authority_id = g.authority_id and d.role = g.role
        where not exists (select from effective_grant e
                          where e.account_id = g.account_id and e.role = g.role and e.authority_id = g.authority_id)
    loop
        insert into unauthorised_grant (account_id, role, authority_id, digest, told_at)
        values (due.account_id, due.role, due.authority_id, due.digest, p_at)
        on conflict do nothing;
        if found then
            perform ledger.append(p_at, 'role.unauthorised', 'scheduler', 'account:' || due.account_id, 'success',
                                  jsonb_build_object('role', due.role, 'authority', due.authority_id));
            count := count + 1;
        end if;
    end loop;
    return count;
end $$;
revoke all on function settle_roles from public;
