-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Evidence of the 37 terms: what was looked at, when, and what was found. How a term stands is computed from it and
-- stored nowhere. Rows are only ever added, by enter_look.

-- One look at one requirement, whatever it found.
create table look (
    id          bigint generated always as identity primary key,
    requirement text collate "C" not null check (requirement ~ '^[a-z]+(-[a-z]+)*$' and length(requirement) <= 40),
    looked_at   timestamptz not null,
    -- What the kernel of the machine that looked said of its clock.
    clock       text not null check (clock in ('synchronised', 'unsynchronised', 'unknown')),
    -- SHA-256 of everything that was found, as it was handed in.
    digest      bytea not null check (octet_length(digest) = 32),
    -- Whose part of it could not be looked at. Their evidence grows old.
    unseen      uuid[] not null default '{}'
);
create index look_newest on look (requirement, id desc);

-- What a look found that was not so before, or not looked at for longer than evidence may be old.
create table observation (
    look_id      bigint not null references look,
    requirement  text collate "C" not null,
    -- Null: it concerns every authority alike.
    authority_id uuid references authority,
    met          boolean not null,
    reason       text not null check (reason ~ '^[a-z]+(_[a-z]+)*$' and length(reason) <= 40),
    -- How many things are wrong.
    things       bigint not null check (things >= 0),
    check (met = (things = 0)),
    unique nulls not distinct (look_id, authority_id)
);
create index observation_newest on observation (requirement, authority_id, look_id desc);

-- The login role looks, and the function it calls writes; neither the owner nor a superuser can by a statement.
create function refuse_other_evidence() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname in ('g_scheduler', 'g_setup'))
    then
        raise exception 'evidence is added by whoever looks, and never changed' using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_added before insert or update or delete on look
    for each row execute function refuse_other_evidence();
create trigger never_emptied before truncate on look for each statement execute function refuse_other_evidence();
create trigger only_added before insert or update or delete on observation
    for each row execute function refuse_other_evidence();
create trigger never_emptied before truncate on observation for each statement execute function refuse_other_evidence();

-- Enters one look. `p_found` lists {authority, reason, things} of everything that was looked at; `authority` is null
-- where it concerns all alike. `p_every` is how old evidence may be: where the look before is older, it is as if nobody
-- had looked, and what is so now is so since now. Returns how many things are other than before.
create function enter_look(
    p_requirement text, p_at timestamptz, p_clock text, p_every interval, p_found jsonb, p_unseen uuid[]
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    number bigint;
    one record;
    before observation;
    seen timestamptz;
    gap boolean;
    changed bigint := 0;
begin
    -- Of two that look at the same time, the second sees what the first entered.
    perform pg_advisory_xact_lock(hashtextextended('look:' || p_requirement, 0));
    insert into look (requirement, looked_at, clock, digest, unseen)
    values (p_requirement, p_at, p_clock, sha256(convert_to(p_found::text, 'UTF8')), p_unseen)
    returning id into number;
    for one in select * from jsonb_to_recordset(p_found) as f (authority uuid, reason text, things bigint)
    loop
        select o.* into before from observation o
        where o.requirement = p_requirement and o.authority_id is not distinct from one.authority
        order by o.look_id desc limit 1;
        -- The newest before this one, by order and not by time: a clock that was set back has looked all the same.
        seen := (select l.looked_at from look l
                 where l.requirement = p_requirement and l.id < number
                   and (one.authority is null or not one.authority = any (l.unseen))
                 order by l.id desc limit 1);
        gap := before.look_id is null or p_at - seen not between -p_every and p_every;
        continue when not gap and (before.reason, before.things) = (one.reason, one.things);
        insert into observation (look_id, requirement, authority_id, met, reason, things)
        values (number, p_requirement, one.authority, one.things = 0, one.reason, one.things);
        -- How many things are wrong may change at every look; the log is told when it is otherwise, and of what.
        if gap or before.reason <> one.reason then
            perform ledger.append(
                p_at, 'evidence.changed', substring(session_user from '[a-z]+$'), 'requirement:' || p_requirement,
                'success', jsonb_strip_nulls(jsonb_build_object('authority', one.authority, 'reason', one.reason,
                                                                'count', one.things, 'look', number)));
        end if;
        changed := changed + 1;
    end loop;
    return changed;
end $$;
revoke all on function enter_look from public;

-- What the newest evidence says, of one authority: since when, and when it was last looked.
create function list_evidence(p_authority uuid)
    returns table (requirement text, met boolean, reason text, things bigint, since timestamptz, seen timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select o.requirement, o.met, o.reason, o.things, began.looked_at, seen.looked_at
    from (select distinct on (n.requirement) n.* from observation n
          where n.authority_id = p_authority or n.authority_id is null
          order by n.requirement, n.look_id desc) o
    join look began on began.id = o.look_id
    cross join lateral (select l.looked_at from look l
                        where l.requirement = o.requirement
                          and (o.authority_id is null or not p_authority = any (l.unseen))
                        order by l.id desc limit 1) seen
    order by o.requirement
$$;
revoke all on function list_evidence from public;

-- What is wrong, each by a function of its own that tells how much, and of no person: (authority, reason, things). An
-- authority that is not listed has nothing of the kind. They look at rows, and trust no constraint to have held.

-- Term 2: a human with two roles that conflict.
create function find_conflicting_roles(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select held.authority_id, 'held', count(*)
    from (select coalesce(g.authority_id, o.authority_id) as authority_id, a.human, c.one, c.other
          from effective_grant g
          join account a on a.id = g.account_id
          join account b on b.human = a.human
          join effective_grant o on o.account_id = b.id
          join role_conflict c on c.one = g.role and c.other = o.role
          where (c.anywhere or g.authority_id is not distinct from o.authority_id)
            and (g.valid_until is null or g.valid_until > p_at) and (o.valid_until is null or o.valid_until > p_at)
            and not is_excepted(a.human, g.role, g.authority_id, g.valid_until, o.role)
            and not is_excepted(a.human, o.role, o.authority_id, o.valid_until, g.role)) held
    group by held.authority_id
$$;

-- Term 2: an exception that is over while what it allowed goes on.
create function find_ended_exceptions(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.authority_id, 'over', count(*)
    from role_request r
    join role_grant g on g.request_id = r.id
    where r.kind = 'exception' and (r.valid_until <= p_at or r.state <> 'approved')
    group by r.authority_id
$$;

-- Term 8: an account of nobody, or of two: a human with two of one class, or an identity that leads to two humans.
create function find_shared_accounts(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'shared', wrong.things
    from (select (select count(*) from account a where a.human is null)
               + (select count(*) from (select from account a where a.state <> 'removed'
                                        group by a.human, a.kind having count(*) > 1) twice)
               + (select count(*) from (select from account_link l join account a on a.id = l.account_id
                                        group by l.issuer, l.subject_hmac having count(distinct a.human) > 1) two)
          as things) wrong
    where wrong.things > 0
$$;

-- Term 8: an identity of somebody who was removed that leads to an account again.
create function find_reused_identities(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'reused', count(*)
    from account_link gone
    join account removed on removed.id = gone.account_id and removed.state = 'removed'
    join account_link again on again.issuer = gone.issuer and again.subject_hmac = gone.subject_hmac
    join account other on other.id = again.account_id and other.human <> removed.human
    having count(*) > 0
$$;

-- Term 9: a grant of a designated role that nobody of the authority approved. It has no effect, and somebody made it.
create function find_unapproved_roles(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select g.authority_id, 'unapproved', count(*)
    from role_grant g
    join designated_role d on d.authority_id = g.authority_id and d.role = g.role
    where not exists (select from effective_grant e
                      where e.account_id = g.account_id and e.role = g.role and e.authority_id = g.authority_id)
    group by g.authority_id
$$;

-- Term 9: an emergency that waits for its approval after the time for it.
create function find_late_emergencies(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.authority_id, 'unanswered', count(*)
    from role_request r
    where r.kind = 'emergency' and r.state = 'waiting' and r.answer_by <= p_at
    group by r.authority_id
$$;

-- Term 13: a session of an account that is not active.
create function find_sessions_left_open(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'open', count(*)
    from session s
    join account a on a.id = s.account_id
    where a.state <> 'active' and s.ended_at is null and s.expires_at > p_at
    having count(*) > 0
$$;

-- Term 13: an active account whose last day has come.
create function find_accounts_past_their_end(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'active', count(*) from account a
    where a.state = 'active' and a.ends_at <= p_at - interval '5 minutes'
    having count(*) > 0
$$;

-- Term 15: an open session that no issuer asserted at level 3. Named personas are a demo's.
create function find_sessions_below_level(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'low', count(*)
    from session s
    where s.ended_at is null and s.expires_at > p_at and coalesce(s.level, 0) < 3
      and not (s.method = 'persona' and exists (select from installation where mode = 'demo'))
    having count(*) > 0
$$;

do $$
declare
    finder regprocedure;
begin
    for finder in
        select p.oid::regprocedure from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname = 'vaka' and p.proname ~ '^find_' and p.pronargs = 1
    loop
        execute format('revoke all on function %s from public', finder);
    end loop;
end $$;

set role vaka_ledger;

-- Only those that look can say that evidence changed.
alter table ledger.inbox add constraint evidence_is_of_collectors
    check (event <> 'evidence.changed' or written_by ~ '_(scheduler|setup)$');

-- What concerns all alike names no authority.
insert into ledger.concern (event, whose) values ('evidence.changed', 'everybody');

set role vaka_owner;
