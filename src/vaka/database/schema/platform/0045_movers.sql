-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Movers (terms 2, 8 and 9): one administrator asks that an account gets roles, loses roles, or both at once; another human
-- approves exactly that, and all of it is done or nothing. What an authority has designated is then asked of it, as before.

create table role_change (
    id           uuid primary key,
    account_id   uuid not null references account,
    human        uuid not null,
    -- What is asked for: [{"kind": "give" | "end", "role", "authority": uuid | null, "until": moment | null}, …].
    wanted       jsonb not null check (jsonb_typeof(wanted) = 'array' and jsonb_array_length(wanted) between 1 and 200),
    reason       text not null check (reason ~ '\S' and length(reason) <= 200),
    requested_by uuid not null references account,
    -- What is approved: SHA-256 over the six above (role_change_digest).
    digest       bytea not null check (octet_length(digest) = 32),
    requested_at timestamptz not null,
    answer_by    timestamptz not null check (answer_by > requested_at),
    state        text not null default 'waiting'
                 check (state in ('waiting', 'approved', 'refused', 'withdrawn', 'lapsed')),
    decided_by   uuid references account,
    decided_at   timestamptz,
    decision     text not null default '' check (length(decision) <= 200),
    -- The number of the entry by which it was asked for.
    entry        bigint not null,
    check (state not in ('approved', 'refused', 'withdrawn') or (decided_by is not null and decided_at is not null))
);
create index role_change_waits on role_change (requested_at) where state = 'waiting';
create index role_change_of_account on role_change (account_id, decided_at);
-- Of one account one change of roles is asked for at a time.
create unique index role_change_one on role_change (account_id) where state = 'waiting';

create constraint trigger entered after insert or update or delete on role_change deferrable initially deferred
    for each row execute function enter_change_by_hand('account_id');
create trigger emptying_entered after truncate on role_change for each statement
    execute function enter_change_by_hand('account_id');

-- Neither the owner nor a superuser asks for or decides anything by a statement: the office's and setup's logins ask, the
-- office's decides, the scheduler's lets lapse, each through the functions below.
create function refuse_other_movers() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
declare
    component text := (select max(g.rolname::text) from pg_auth_members m join pg_roles g on g.oid = m.roleid
                       where m.member = session_user::regrole and g.rolname ~ '^g_');
    fates constant text[] := '{state,decided_by,decided_at,decision}';
    allowed boolean := false;
begin
    if current_user = 'vaka_owner' and tg_op = 'INSERT' then
        allowed := component in ('g_office', 'g_setup') and new.state = 'waiting';
    elsif current_user = 'vaka_owner' and tg_op = 'UPDATE' then
        allowed := old.state = 'waiting' and to_jsonb(old) - fates = to_jsonb(new) - fates
                   and case component when 'g_office' then new.state in ('approved', 'refused', 'withdrawn')
                                      when 'g_scheduler' then new.state = 'lapsed' else false end;
    end if;
    if not coalesce(allowed, false) then
        raise exception 'two administrators decide that, in the office' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_decided before insert or update or delete on role_change
    for each row execute function refuse_other_movers();
create trigger never_truncated before truncate on role_change
    for each statement execute function refuse_other_movers();

-- Authorities are told where a role is concerned that is privileged with them, or an administrators' role, which reaches
-- them all; and of every row that is changed by hand.
alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values
    ('role.proposed', 'holders'), ('role.agreed', 'holders'), ('role.declined', 'holders');
alter table notice_event enable trigger only_migrated;
alter table notice_register disable trigger only_migrated;
insert into notice_register values ('role_change');
alter table notice_register enable trigger only_migrated;

-- As before (0017), and the office may ask the authority for what was approved there: for nothing that holds before the
-- authority has approved it, and for no exception.
create or replace function refuse_other_deciders() returns trigger
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
                       or (component = 'g_office' and new.state = 'waiting' and new.kind = 'approval')
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

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('role_change', 'insert', 'role.proposed', 'object', 'account'),
    ('role_change', 'update', 'role.agreed', 'object', 'account'),
    ('role_change', 'update', 'role.declined', 'object', 'account');
-- Of the supplier's own roles; the others name their authority.
insert into ledger.concern (event, whose) values
    ('role.proposed', 'object'), ('role.agreed', 'object'), ('role.declined', 'object');

-- Only the component that does such a thing can say that it did.
alter table ledger.inbox drop constraint roles_are_asked_for_by_setup;
alter table ledger.inbox add constraint roles_are_asked_for_by_setup_or_office
    check (event <> 'role.requested' or written_by ~ '_(setup|office)$'),
    add constraint changes_of_roles_are_asked_for_by_setup_or_office
    check (event <> 'role.proposed' or written_by ~ '_(setup|office)$'),
    add constraint changes_of_roles_are_approved_in_the_office
    check (event <> 'role.agreed' or written_by ~ '_office$');

-- As before (0017), and what the office asked an authority for counts as what setup asked for: both need its answer.
create or replace function ledger.is_role_told(p_entry bigint, p_event text, p_account uuid, p_digest bytea) returns boolean
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
          and written_by ~ case when p_event in ('role.requested', 'role.proposed') then '_(setup|office)$'
                                else '_portal$' end)
$$;

set role vaka_owner;

-- The lines of a request; what ends comes first, so that what is given may take its place.
create function role_change_lines(p_wanted jsonb)
    returns table (kind text, role text, authority_id uuid, until timestamptz)
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select l.kind, l.role, l.authority, l.until
    from jsonb_to_recordset(p_wanted) as l (kind text, role text, authority uuid, until timestamptz)
    order by l.kind collate "C", l.role collate "C", l.authority
$$;
revoke all on function role_change_lines from public;

create function role_change_digest(
    p_id uuid, p_account uuid, p_human uuid, p_by uuid, p_wanted jsonb, p_reason text
) returns bytea
    language sql stable set search_path = vaka, pg_temp as $$
    select sha256(convert_to(concat_ws(chr(10), 'vaka role change 1', p_id, p_account, p_human, p_by,
        (select string_agg(concat_ws(' ', l.kind, l.role, coalesce(l.authority_id::text, '-'),
                                     coalesce(tell_moment(l.until), '-')), chr(10)
                           order by l.kind collate "C", l.role collate "C", l.authority_id)
         from role_change_lines(p_wanted) l), p_reason), 'UTF8'))
$$;
revoke all on function role_change_digest from public;

-- Enters one thing about a request: an entry for each of its lines, since what is asked for with one authority is no other's
-- business. Returns the number of the last.
create function tell_role_change(p_event text, p_actor text, p_change role_change, p_more jsonb, p_at timestamptz)
    returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    line record;
    number bigint;
begin
    for line in select * from role_change_lines(p_change.wanted) loop
        number := ledger.append(p_at, p_event, p_actor, 'account:' || p_change.account_id, 'success', jsonb_strip_nulls(
            jsonb_build_object('request', p_change.id, 'kind', line.kind, 'role', line.role,
                               'authority', line.authority_id, 'valid_until', tell_moment(line.until),
                               'digest', encode(p_change.digest, 'hex')) || p_more));
    end loop;
    return number;
end $$;
revoke all on function tell_role_change from public;

-- Does what was asked for: each line with its entry. Says 'done', or why not; then the caller takes everything back. What a
-- trigger refuses (separated duties, the class of the account, the last approver) it refuses here.
create function carry_out_role_change(
    p_id uuid, p_account uuid, p_wanted jsonb, p_reason text, p_actor text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    known account;
    line record;
    two record;
begin
    select * into known from account a where a.id = p_account for update;
    if known.id is null or known.state <> 'active' then
        return 'gone';
    elsif (select count(*) <> count(distinct (l.role, l.authority_id)) from role_change_lines(p_wanted) l) then
        return 'twice';
    end if;
    -- What waits for the authority is no grant yet, so two that are given at once are compared here.
    select one.role as role, other.role as beside into two
    from role_change_lines(p_wanted) one
    join role_change_lines(p_wanted) other on other.kind = 'give'
    join role_conflict c on c.one = one.role and c.other = other.role
    where one.kind = 'give' and (c.anywhere or one.authority_id is not distinct from other.authority_id)
    limit 1;
    if two.role is not null then
        raise exception 'one human may not hold % and %', two.beside, two.role
            using errcode = 'check_violation', constraint = 'separated_duties', detail = two.beside;
    end if;
    for line in select * from role_change_lines(p_wanted) loop
        if is_administrators_role(line.role) <> (line.authority_id is null) then
            return 'scope';
        elsif line.authority_id is not null and not exists (
            select from authority t where t.id = line.authority_id and t.state = 'active')
        then
            return 'nowhere';
        elsif line.kind = 'end' then
            delete from role_grant g
            where g.account_id = p_account and g.role = line.role and g.authority_id is not distinct from line.authority_id
              and (g.valid_until is null or g.valid_until > p_at);
            if not found then
                return 'not_held';
            end if;
            perform ledger.append(p_at, 'role.revoked', p_actor, 'account:' || p_account, 'success', jsonb_build_object(
                'role', line.role, 'authority', line.authority_id, 'request', p_id));
            continue;
        elsif line.until <= p_at then
            return 'past';
        elsif is_administrators_role(line.role) <> (known.kind = 'administrator') then
            return 'class';
        elsif exists (
            select from effective_grant g
            where g.account_id = p_account and g.role = line.role and g.authority_id is not distinct from line.authority_id
              and g.valid_until is not distinct from line.until)
        then
            return 'held';
        elsif exists (select from designated_role d where d.role = line.role and d.authority_id = line.authority_id) then
            if exists (select from role_request r
                       where r.account_id = p_account and r.role = line.role and r.authority_id = line.authority_id
                         and r.state = 'waiting')
            then
                return 'asked';
            end if;
            perform request_role(gen_random_uuid(), 'approval', p_account, line.role, line.authority_id, p_at, line.until,
                                 p_reason, null, p_at + interval '30 days', p_actor);
            continue;
        end if;
        perform ledger.append(p_at, 'role.granted', p_actor, 'account:' || p_account, 'success',
            jsonb_build_object('role', line.role, 'authority', line.authority_id, 'request', p_id)
            || case when line.until is null then '{}' else jsonb_build_object('valid_until', tell_moment(line.until)) end);
        insert into role_grant (account_id, role, authority_id, granted_at, valid_until)
        values (p_account, line.role, line.authority_id, p_at, line.until)
        on conflict (account_id, role, coalesce(authority_id, '00000000-0000-0000-0000-000000000000')) do update
            set granted_at = excluded.granted_at, valid_until = excluded.valid_until;
    end loop;
    -- Two have to be left to decide anything, this among it.
    if exists (select from role_change_lines(p_wanted) l where l.kind = 'end' and is_administrators_role(l.role))
       and (select count(distinct a.human) from account a
            where a.kind = 'administrator' and acts_as_administrator(a.id, p_at)) < 2
    then
        return 'last_administrators';
    end if;
    return 'done';
end $$;
revoke all on function carry_out_role_change from public;

-- Whether it could be done now, as office: it is done and taken back. Says 'done', or why not; raises what a trigger does.
create function try_role_change(
    p_id uuid, p_account uuid, p_wanted jsonb, p_reason text, p_actor text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text;
begin
    begin
        said := carry_out_role_change(p_id, p_account, p_wanted, p_reason, p_actor, p_at);
        raise exception 'tried' using errcode = 'VK045';
    exception when sqlstate 'VK045' then
        return said;
    end;
end $$;
revoke all on function try_role_change from public;

-- Asks, as office or setup. Nothing holds before it is approved. Says 'done', or why not.
create function request_role_change(
    p_id uuid, p_account uuid, p_wanted jsonb, p_reason text, p_by uuid, p_actor text, p_step_up text,
    p_answer_by timestamptz, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked role_change;
    said text;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif exists (select from role_change c where c.account_id = p_account and c.state = 'waiting') then
        return 'waiting';
    end if;
    said := try_role_change(p_id, p_account, p_wanted, p_reason, p_actor, p_at);
    if said <> 'done' then
        return said;
    end if;
    asked.id := p_id;
    asked.account_id := p_account;
    asked.human := (select a.human from account a where a.id = p_account);
    asked.wanted := p_wanted;
    asked.digest := role_change_digest(p_id, p_account, asked.human, p_by, p_wanted, p_reason);
    asked.entry := tell_role_change('role.proposed', p_actor, asked,
                                    jsonb_build_object('reason', p_reason, 'step_up', p_step_up), p_at);
    insert into role_change (id, account_id, human, wanted, reason, requested_by, digest, requested_at, answer_by, entry)
    values (p_id, p_account, asked.human, p_wanted, p_reason, p_by, asked.digest, p_at, p_answer_by, asked.entry);
    return 'done';
end $$;
revoke all on function request_role_change from public;

-- Approves or refuses exactly what was shown, or takes back what one asked for oneself; as office. What is approved is done
-- in the same transaction, all of it. Says 'done', or why not. Of a row that stands there without its entry nothing comes.
create function decide_role_change(
    p_id uuid, p_digest bytea, p_verdict text, p_by uuid, p_decision text, p_step_up text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked role_change;
    mine uuid := (select a.human from account a where a.id = p_by);
    theirs uuid;
    actor text := 'account:' || p_by;
    said text;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select * into asked from role_change c where c.id = p_id for update;
    if asked.id is null or asked.state <> 'waiting' or asked.answer_by <= p_at then
        return 'gone';
    elsif asked.digest <> p_digest or asked.digest <> role_change_digest(
        asked.id, asked.account_id, asked.human, asked.requested_by, asked.wanted, asked.reason)
        or not ledger.is_role_told(asked.entry, 'role.proposed', asked.account_id, asked.digest)
    then
        return 'changed';
    end if;
    select a.human into theirs from account a where a.id = asked.requested_by;
    if p_verdict = 'withdrawn' and theirs is distinct from mine then
        return 'stranger';
    elsif p_verdict <> 'withdrawn' and mine in (theirs, asked.human) then
        return 'own';
    end if;
    perform tell_role_change(
        case p_verdict when 'approved' then 'role.agreed' else 'role.declined' end, actor, asked,
        jsonb_build_object('verdict', p_verdict, 'reason', nullif(p_decision, ''), 'step_up', p_step_up), p_at);
    update role_change set state = p_verdict, decided_by = p_by, decided_at = p_at, decision = p_decision where id = p_id;
    if p_verdict <> 'approved' then
        return 'done';
    end if;
    said := carry_out_role_change(asked.id, asked.account_id, asked.wanted, asked.reason, actor, p_at);
    if said <> 'done' then
        raise exception 'cannot be done' using errcode = 'object_not_in_prerequisite_state', detail = said;
    end if;
    return 'done';
end $$;
revoke all on function decide_role_change from public;

-- What nobody answered in time lapses, as scheduler. Returns how many.
create function lapse_role_changes(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    late role_change;
    count bigint := 0;
begin
    for late in select * from role_change c where c.state = 'waiting' and c.answer_by <= p_at order by c.id for update loop
        perform tell_role_change('role.declined', 'scheduler', late, jsonb_build_object('verdict', 'lapsed'), p_at);
        update role_change set state = 'lapsed' where id = late.id;
        count := count + 1;
    end loop;
    return count;
end $$;
revoke all on function lapse_role_changes from public;

-- What is asked for with an authority about somebody who holds a privileged role with it, also where the role in question is
-- none: of the others write_notices tells.
create function write_mover_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from privileged_role p where p.role = new.detail ->> 'role') then
        return null;
    end if;
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'holders', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from authority t
        where t.kind = 'authority' and t.state = 'active' and t.id::text = new.detail ->> 'authority'
          and exists (select from role_grant g join privileged_role p using (role)
                      where 'account:' || g.account_id = new.object and g.authority_id = t.id)
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_mover_notices from public;

reset role;

create trigger movers_told_of after insert on ledger.inbox for each row
    when (new.event in ('role.proposed', 'role.agreed', 'role.declined') and new.outcome = 'success')
    execute function vaka.write_mover_notices();
