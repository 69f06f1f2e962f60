-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Emergency access (term 15): two custodians together open one session of an hour, everybody is told, and somebody else goes
-- through what was done.

create table break_glass (
    id             uuid primary key,
    first_account  uuid not null references account,
    -- Which keys; a row stays when they go.
    first_key      uuid not null,
    begun_at       timestamptz not null,
    second_account uuid references account,
    second_key     uuid,
    -- The one session that it opened, from when to when.
    session_id     uuid unique,
    opened_at      timestamptz,
    expires_at     timestamptz,
    reason         text check (reason ~ '\S' and length(reason) <= 200),
    -- HMAC over all of the above, under a key that the database does not have. Without it no session rests on the row.
    binding        bytea check (octet_length(binding) = 32),
    -- By when somebody else has gone through it, and what he wrote.
    review_by      timestamptz,
    ended_at       timestamptz,
    reviewed_by    uuid references account,
    reviewed_at    timestamptz,
    review         text check (review ~ '\S' and length(review) <= 500),
    check (opened_at is null = (review_by is null) and review_by > expires_at),
    check (reviewed_at is null = (reviewed_by is null) and reviewed_at is null = (review is null)
           and (reviewed_at is null or ended_at is not null)),
    check (opened_at is null = (second_account is null) and opened_at is null = (second_key is null)
           and opened_at is null = (session_id is null) and opened_at is null = (expires_at is null)
           and opened_at is null = (reason is null) and opened_at is null = (binding is null)),
    check (second_account <> first_account and second_key <> first_key),
    check (opened_at between begun_at and begun_at + interval '5 minutes'),
    check (expires_at = opened_at + interval '1 hour'),
    check (ended_at >= opened_at)
);

create constraint trigger entered after insert or update or delete on break_glass deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on break_glass for each statement execute function enter_change_by_hand('id');

-- A touch that is awaited: SHA-256 of what one browser holds. The second of an emergency names the first.
create table emergency_touch (
    token_hash  bytea primary key check (octet_length(token_hash) = 32),
    break_glass uuid references break_glass,
    started_at  timestamptz not null
);

alter table session
    add column break_glass uuid unique references break_glass,
    add constraint break_glass_is_by_two check ((break_glass is not null) = (method = 'break_glass')),
    add constraint break_glass_is_an_administrators check (
        break_glass is null or (realm = 'administrator' and issuer is null and level is null and not fallback
                                and kept_until is null and expires_at = created_at + interval '1 hour'));

-- What it began as, it stays, and it ends when it ends: no statement prolongs it, moves it or opens it again.
create trigger break_glass_stays before update of token_hash, id, account_id, realm, method, created_at, expires_at, kept_until,
        break_glass on session for each row
    when ((old.break_glass is not null or new.break_glass is not null)
          and (new.token_hash, new.id, new.account_id, new.realm, new.method, new.created_at, new.expires_at, new.kept_until,
               new.break_glass)
              is distinct from (old.token_hash, old.id, old.account_id, old.realm, old.method, old.created_at,
                                old.expires_at, old.kept_until, old.break_glass))
    execute function keep_fallback();
create trigger break_glass_ends_once before update of ended_at on session for each row
    when (old.break_glass is not null and old.ended_at is not null and new.ended_at is distinct from old.ended_at)
    execute function keep_fallback();

-- Whether a key is a custodian's: for emergencies, of an administrator who may act.
create function is_custodian(p_account uuid, p_key uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select acts_as_administrator(p_account, p_at) and exists (
        select from security_key k where k.id = p_key and k.account_id = p_account and k.purpose = 'emergency')
$$;
revoke all on function is_custodian from public;

-- Whether two accounts are of two humans.
create function are_two_humans(p_one uuid, p_other uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from account a, account b where a.id = p_one and b.id = p_other and a.human <> b.human)
$$;
revoke all on function are_two_humans from public;

-- Whoever writes the session, both custodians have touched their keys for it just now.
create function require_both_custodians() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (
        select from break_glass b
        where b.id = new.break_glass and b.session_id = new.id and b.first_account = new.account_id
          and b.opened_at = new.created_at and b.expires_at = new.expires_at and b.ended_at is null
          and are_two_humans(b.first_account, b.second_account)
          and is_custodian(b.first_account, b.first_key, b.opened_at)
          and is_custodian(b.second_account, b.second_key, b.opened_at))
    then
        raise exception 'two custodians open it together' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
revoke all on function require_both_custodians from public;
create trigger break_glass_is_opened before insert on session for each row when (new.break_glass is not null)
    execute function require_both_custodians();

-- How many emergencies nobody has gone through in time.
create function count_unreviewed_break_glass(p_at timestamptz) returns bigint
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select count(*) from break_glass b where b.review_by < p_at and b.reviewed_at is null
$$;
revoke all on function count_unreviewed_break_glass from public;

-- Term 15: an emergency that nobody has gone through in time.
create function find_unreviewed_break_glass(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'unreviewed', n from count_unreviewed_break_glass(p_at) n where n > 0
$$;
revoke all on function find_unreviewed_break_glass from public;

-- The first custodian touched his key, as signin. Says whether he is one.
create function begin_break_glass(p_id uuid, p_account uuid, p_key uuid, p_credential text, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not is_custodian(p_account, p_key, p_at) then
        return false;
    end if;
    perform ledger.append(p_at, 'break_glass.begun', 'account:' || p_account, 'break_glass:' || p_id, 'success',
                          jsonb_build_object('credential', p_credential));
    insert into break_glass (id, first_account, first_key, begun_at) values (p_id, p_account, p_key, p_at);
    return true;
end $$;
revoke all on function begin_break_glass from public;

-- The second touched his, as signin. Says 'done', or why not.
create function open_break_glass(
    p_id uuid, p_account uuid, p_key uuid, p_credential text, p_session uuid, p_reason text, p_expires timestamptz,
    p_review_by timestamptz, p_binding bytea, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    begun break_glass;
begin
    select * into begun from break_glass b where b.id = p_id for update;
    if begun.id is null or begun.opened_at is not null or p_at not between begun.begun_at and begun.begun_at + interval '5 minutes'
    then
        return 'spent';
    elsif begun.first_key = p_key or not are_two_humans(begun.first_account, p_account) then
        return 'same';
    elsif not is_custodian(p_account, p_key, p_at) or not is_custodian(begun.first_account, begun.first_key, p_at) then
        return 'account';
    end if;
    perform ledger.append(p_at, 'break_glass.opened', 'account:' || begun.first_account, 'break_glass:' || p_id, 'success',
                          jsonb_build_object('account', 'account:' || p_account, 'credential', p_credential,
                                             'session', p_session, 'reason', p_reason,
                                             'valid_until', tell_moment(p_expires),
                                             'overdue', count_unreviewed_break_glass(p_at)));
    update break_glass
    set second_account = p_account, second_key = p_key, session_id = p_session, opened_at = p_at, expires_at = p_expires,
        reason = p_reason, review_by = p_review_by, binding = p_binding
    where id = p_id;
    return 'done';
end $$;
revoke all on function open_break_glass from public;

-- Says of each that its session is over, as scheduler, and forgets touches that nobody awaits; how many ended.
create function end_break_glass(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one record;
    count bigint := 0;
begin
    delete from emergency_touch t where t.started_at < p_at - interval '1 hour';
    for one in
        select b.id, b.first_account, b.session_id, least(s.ended_at, b.expires_at) as over
        from break_glass b left join session s on s.id = b.session_id
        where b.ended_at is null and least(s.ended_at, b.expires_at) <= p_at order by b.id
    loop
        perform ledger.append(p_at, 'break_glass.ended', 'scheduler', 'break_glass:' || one.id, 'success',
                              jsonb_build_object('account', 'account:' || one.first_account, 'session', one.session_id));
        update break_glass set ended_at = greatest(one.over, opened_at) where id = one.id;
        count := count + 1;
    end loop;
    return count;
end $$;
revoke all on function end_break_glass from public;

-- Who stands behind what an account does at a time: its human, and both custodians while its emergency session is open.
create function humans_behind(p_account uuid, p_at timestamptz) returns setof uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.human from account a where a.id = p_account
    union
    select a.human
    from break_glass b join account a on a.id = b.second_account left join session s on s.id = b.session_id
    where b.first_account = p_account and p_at between b.opened_at and least(b.expires_at, s.ended_at)
$$;
revoke all on function humans_behind from public;

-- Whether somebody stands behind both: what he proposed he does not approve, under whichever account.
create function share_a_human(p_one uuid, p_at timestamptz, p_other uuid, p_other_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select humans_behind(p_one, p_at) intersect select humans_behind(p_other, p_other_at))
$$;
revoke all on function share_a_human from public;

-- Somebody has gone through an emergency that is over, as office: an administrator who is neither custodian. Says 'done', or
-- why not.
create function review_break_glass(p_id uuid, p_by uuid, p_review text, p_step_up text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    known break_glass;
begin
    select * into known from break_glass b where b.id = p_id for update;
    if known.id is null or known.ended_at is null or known.reviewed_at is not null then
        return 'gone';
    elsif not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif exists (
        select humans_behind(p_by, p_at)
        intersect select a.human from account a where a.id in (known.first_account, known.second_account))
    then
        return 'own';
    end if;
    perform ledger.append(p_at, 'break_glass.reviewed', 'account:' || p_by, 'break_glass:' || p_id, 'success',
                          jsonb_strip_nulls(jsonb_build_object('reason', p_review, 'step_up', p_step_up)));
    update break_glass set reviewed_by = p_by, reviewed_at = p_at, review = p_review where id = p_id;
    return 'done';
end $$;
revoke all on function review_break_glass from public;

-- As errors of the functions by which it is decided, so that the page says why.
create function refuse_custodians_own() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if share_a_human(new.requested_by, new.requested_at, new.decided_by, new.decided_at)
       or new.human in (select humans_behind(new.decided_by, new.decided_at))
    then
        raise exception 'nobody approves his own' using errcode = 'object_not_in_prerequisite_state', detail = 'own';
    end if;
    return new;
end $$;
revoke all on function refuse_custodians_own from public;
create trigger nobody_approves_his_own before update of state on account_request for each row
    when (old.state = 'waiting' and new.state = 'approved') execute function refuse_custodians_own();
create trigger nobody_approves_his_own before update of state on role_change for each row
    when (old.state = 'waiting' and new.state = 'approved') execute function refuse_custodians_own();

create function refuse_custodians_trust() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if share_a_human(new.proposed_by, new.proposed_at, new.approved_by, new.approved_at) then
        raise exception 'nobody approves his own' using errcode = 'object_not_in_prerequisite_state', detail = 'own';
    end if;
    return new;
end $$;
revoke all on function refuse_custodians_trust from public;
create trigger nobody_approves_his_own before update of approved_by on trusted_issuer for each row
    when (new.approved_by is not null) execute function refuse_custodians_trust();

-- As before (0035): one that two custodians opened is shown too, and does not pretend to be more.
create or replace function find_sessions_below_level(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'low', count(*)
    from session s
    where s.ended_at is null and s.expires_at > p_at and coalesce(s.level, 0) < 3 and not s.fallback and s.break_glass is null
    having count(*) > 0
$$;

-- Every authority is told at once, each time: administrators' rights reach all of them.
alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('break_glass.opened', 'break_glass'), ('break_glass.ended', 'break_glass');
alter table notice_event enable trigger only_migrated;
alter table notice_register disable trigger only_migrated;
insert into notice_register values ('break_glass');
alter table notice_register enable trigger only_migrated;

create function write_break_glass_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'break_glass', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from authority t
        where t.kind = 'authority' and t.state = 'active'
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_break_glass_notices from public;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('break_glass', 'insert', 'break_glass.begun', 'object', 'break_glass'),
    ('break_glass', 'update', 'break_glass.opened', 'object', 'break_glass'),
    ('break_glass', 'update', 'break_glass.ended', 'object', 'break_glass'),
    ('break_glass', 'update', 'break_glass.reviewed', 'object', 'break_glass');
insert into ledger.concern (event, whose) values
    ('break_glass.begun', 'everybody'), ('break_glass.opened', 'everybody'), ('break_glass.ended', 'everybody'),
    ('break_glass.reviewed', 'everybody');

-- What somebody did between two times, waiting or sealed, without its facts: an emergency is gone through by it.
create function ledger.acts_between(p_actor text, p_from timestamptz, p_to timestamptz, p_most integer)
    returns table (id bigint, happened_at timestamptz, event text, object text, outcome text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select k.* from (
        select i.id, i.happened_at, i.event, i.object, i.outcome from inbox i where i.actor = p_actor
        union all
        select e.id, i.happened_at, i.event, i.object, i.outcome
        from entry_index i join log_entry e using (index) where i.actor = p_actor) k
    where k.happened_at between p_from and p_to
    order by k.happened_at, k.id
    limit p_most
$$;
revoke all on function ledger.acts_between from public;

reset role;

create trigger break_glass_told_of after insert on ledger.inbox for each row
    when (new.event in ('break_glass.opened', 'break_glass.ended') and new.outcome = 'success')
    execute function vaka.write_break_glass_notices();
