-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Crisis exercises (term 36): an authority asks for one, the supplier plans it, both agree, it is held, its lessons become
-- actions. Who may do what is looked at here too: each side writes in its own process, and neither for the other.

-- Within how many days the supplier answers, as the contract has it. Without a row: fourteen.
create table exercise_rule (
    authority_id uuid primary key references authority,
    days         integer not null check (days between 1 and 90)
);

create table exercise (
    id                uuid primary key,
    authority_id      uuid not null references authority,
    -- The calendar year that its hours are counted in.
    year              integer not null check (year between 2020 and 2200),
    wanted            text not null check (length(wanted) between 1 and 1000),
    wished            text not null check (length(wished) between 1 and 200),
    asked_by          uuid not null references account,
    asked_at          timestamptz not null,
    -- When the supplier owes a plan, unless one waits or is agreed.
    answer_by         timestamptz not null,
    withdrawn_at      timestamptz,
    starts_at         timestamptz,
    ends_at           timestamptz,
    -- Who takes part on either side, and what is injected: in words, which the log has the digest of.
    office_takes_part text check (length(office_takes_part) between 1 and 500),
    portal_takes_part text check (length(portal_takes_part) between 1 and 500),
    injects           text check (length(injects) between 1 and 4000),
    planned_by        uuid references account,
    planned_at        timestamptz,
    agreed_by         uuid references account,
    agreed_at         timestamptz,
    refused_at        timestamptz,
    refusal           text check (length(refusal) between 1 and 500),
    begun_by          uuid references account,
    begun_at          timestamptz,
    -- Null also where it ended by itself, at its hour.
    ended_by          uuid references account,
    ended_at          timestamptz,
    -- How many of each side were there, as that side says itself.
    office_present    integer check (office_present between 0 and 10000),
    portal_present    integer check (portal_present between 0 and 10000),
    closed_by         uuid references account,
    closed_at         timestamptz,
    check (ends_at > starts_at and ends_at - starts_at <= interval '5 days'),
    check (agreed_at is null or refused_at is null),
    check (begun_at is null or (agreed_at is not null and withdrawn_at is null))
);
create index exercise_of on exercise (authority_id, asked_at);

create table exercise_lesson (
    id          uuid primary key,
    exercise_id uuid not null references exercise,
    lesson      text not null check (length(lesson) between 1 and 1000),
    -- office or portal: which side learned it.
    side        text not null check (side in ('office', 'portal')),
    noted_by    uuid not null references account,
    noted_at    timestamptz not null,
    -- The shortcoming in the register that it became, with owner and day; or why it became none.
    finding     uuid,
    motive      text check (length(motive) between 1 and 500),
    settled_by  uuid references account,
    check (num_nonnulls(finding, motive) <= 1)
);
create index exercise_lesson_of on exercise_lesson (exercise_id, noted_at);

-- Both sides write through functions, which write as their owner; neither the owner nor a superuser can by a statement.
create function refuse_other_exercises() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op not in ('INSERT', 'UPDATE') or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname in ('g_office', 'g_portal'))
    then
        raise exception 'what becomes of an exercise is written in the office and the portal, and never removed'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
do $$
declare
    guarded text;
begin
    foreach guarded in array array['exercise_rule', 'exercise', 'exercise_lesson'] loop
        execute format('create trigger only_by_the_two before insert or update or delete on %I for each row '
                       'execute function refuse_other_exercises()', guarded);
        execute format('create trigger never_emptied before truncate on %I for each statement '
                       'execute function refuse_other_exercises()', guarded);
    end loop;
end $$;

set role vaka_ledger;

alter table ledger.inbox add constraint exercises_are_of_office_and_portal
    check (event not like 'exercise%' or written_by ~ '_(office|portal)$');

set role vaka_owner;

-- What a plan says: what the authority agrees to is this, and no other.
create function exercise_digest(p_one exercise) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(jsonb_build_array('vaka exercise plan v1', p_one.id,
        extract(epoch from p_one.starts_at)::bigint, extract(epoch from p_one.ends_at)::bigint,
        p_one.office_takes_part, p_one.portal_takes_part, p_one.injects)::text, 'UTF8')), 'hex')
$$;
revoke all on function exercise_digest from public;

-- How long one was held, in seconds: from its beginning until somebody ended it or its hour came, and only once both sides
-- have said that somebody of theirs was there. Nobody says the hours; the log has both ends.
create function exercise_seconds(p_one exercise, p_at timestamptz) returns integer
    language sql immutable set search_path = vaka, pg_temp as $$
    select case when p_one.office_present > 0 and p_one.portal_present > 0
                then greatest(0, extract(epoch from
                        least(coalesce(p_one.ended_at, p_one.ends_at), p_one.ends_at, p_at) - p_one.begun_at))::integer
                else 0 end
$$;
revoke all on function exercise_seconds from public;

-- Whether the supplier owes a plan: none waits for the authority, none that is agreed is still to come, none was held.
create function exercise_owes_plan(p_one exercise, p_at timestamptz) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_one.withdrawn_at is null and p_one.begun_at is null and not coalesce(
        p_one.refused_at is null and case when p_one.agreed_at is null then p_one.starts_at > p_at else p_one.ends_at > p_at end,
        false)
$$;
revoke all on function exercise_owes_plan from public;

-- The year in which somebody in Sweden lives at that time.
create function year_in_sweden(p_at timestamptz) returns integer
    language sql immutable set search_path = vaka, pg_temp as $$
    select extract(year from p_at at time zone 'Europe/Stockholm')::integer
$$;
revoke all on function year_in_sweden from public;

-- Whether something can still become of one: of a year that is over and that nobody began in, nothing can.
create function exercise_is_open(p_one exercise, p_at timestamptz) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_one.withdrawn_at is null and p_one.closed_at is null
       and (p_one.begun_at is not null or p_one.year >= year_in_sweden(p_at))
$$;
revoke all on function exercise_is_open from public;

-- The exercises of one authority, as portal, or (null) of all, as office; p_id: that one alone. Those that something can
-- still become of first, by when the supplier owes a plan; then the newest.
create function list_exercises(p_authority uuid, p_at timestamptz, p_id uuid)
    returns table (id uuid, authority_id uuid, year integer, wanted text, wished text, asked_by uuid, asked_at timestamptz,
                   answer_by timestamptz, withdrawn_at timestamptz, starts_at timestamptz, ends_at timestamptz,
                   office_takes_part text, portal_takes_part text, injects text, planned_at timestamptz,
                   agreed_by uuid, agreed_at timestamptz, refused_at timestamptz, refusal text, begun_at timestamptz,
                   ended_at timestamptz, office_present integer, portal_present integer, closed_at timestamptz, digest text,
                   seconds integer, owes_plan boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.id, e.authority_id, e.year, e.wanted, e.wished, e.asked_by, e.asked_at, e.answer_by, e.withdrawn_at, e.starts_at,
           e.ends_at, e.office_takes_part, e.portal_takes_part, e.injects, e.planned_at, e.agreed_by, e.agreed_at,
           e.refused_at, e.refusal, e.begun_at, e.ended_at, e.office_present, e.portal_present, e.closed_at,
           case when e.planned_at is not null then exercise_digest(e) end, exercise_seconds(e, p_at),
           exercise_owes_plan(e, p_at)
    from exercise e
    cross join lateral (select exercise_is_open(e, p_at) as is_open) s
    where (e.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
      and (p_id is null or e.id = p_id)
    order by s.is_open desc, case when s.is_open then e.answer_by end, e.asked_at desc, e.id desc
    limit 200
$$;
revoke all on function list_exercises from public;

-- The lessons of some, in order; of another authority's there are none, as portal. What became of one is how its
-- shortcoming stands in the register now. An exercise has a hundred at most (note_exercise_lesson).
create function list_exercise_lessons(p_authority uuid, p_exercises uuid[])
    returns table (id uuid, exercise_id uuid, lesson text, side text, noted_at timestamptz, finding uuid, motive text,
                   title text, due text, state text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select l.id, l.exercise_id, l.lesson, l.side, l.noted_at, l.finding, l.motive, h.fields ->> 'title', h.fields ->> 'due',
           h.state
    from exercise_lesson l join exercise e on e.id = l.exercise_id
    left join register_holding h on h.entry = l.finding and h.register = 'findings'
    where e.id = any (p_exercises)
      and (e.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
    order by l.exercise_id, l.noted_at, l.id
$$;
revoke all on function list_exercise_lessons from public;

create function exercise_days(p_authority uuid) returns integer
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select coalesce((select r.days from exercise_rule r where r.authority_id = p_authority), 14)
$$;
revoke all on function exercise_days from public;

create function enter_exercise(p_event text, p_one exercise, p_by uuid, p_at timestamptz, p_detail jsonb) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    select ledger.append(p_at, p_event, 'account:' || p_by, 'exercise:' || p_one.id, 'success',
                         jsonb_strip_nulls(p_detail || jsonb_build_object('authority', p_one.authority_id)))
$$;
revoke all on function enter_exercise from public;

-- Agrees within how many days the supplier answers, as portal. Says 'done', or why not; as the functions below.
create function set_exercise_days(p_authority uuid, p_days integer, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if speaking_side(p_by, p_authority, p_at) is distinct from 'portal' then
        return 'stranger';
    end if;
    insert into exercise_rule (authority_id, days) values (p_authority, p_days)
    on conflict (authority_id) do update set days = excluded.days;
    perform ledger.append(p_at, 'exercise_rule.set', 'account:' || p_by, 'authority:' || p_authority, 'success',
                          jsonb_build_object('authority', p_authority, 'days', p_days));
    return 'done';
end $$;
revoke all on function set_exercise_days from public;

create function ask_exercise(
    p_id uuid, p_authority uuid, p_year integer, p_wanted text, p_wished text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    made exercise;
begin
    if speaking_side(p_by, p_authority, p_at) is distinct from 'portal' then
        return 'stranger';
    elsif p_year not between year_in_sweden(p_at) and year_in_sweden(p_at) + 1 then
        return 'year';
    end if;
    -- One authority's requests do not fill the list that all of them share.
    perform pg_advisory_xact_lock(hashtextextended('exercises:' || p_authority, 0));
    if (select count(*) >= 12 from exercise e
        where e.authority_id = p_authority and e.year = p_year and exercise_is_open(e, p_at)) then
        return 'requests';
    end if;
    insert into exercise (id, authority_id, year, wanted, wished, asked_by, asked_at, answer_by)
    values (p_id, p_authority, p_year, p_wanted, p_wished, p_by, p_at,
            p_at + make_interval(days => exercise_days(p_authority)))
    returning * into made;
    perform enter_exercise('exercise.asked', made, p_by, p_at, jsonb_build_object('year', p_year));
    return 'done';
end $$;
revoke all on function ask_exercise from public;

-- Finds one for somebody who changes it, and holds it until that is done. Of another authority there is none.
create function hold_exercise(p_id uuid, p_sides text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one exercise;
begin
    select * into one from exercise e where e.id = p_id for update;
    return case
        when one.id is null then 'gone'
        when coalesce(speaking_side(p_by, one.authority_id, p_at) <> all (string_to_array(p_sides, ' ')), true) then 'stranger'
        when one.withdrawn_at is not null or one.closed_at is not null then 'gone'
        else 'done' end;
end $$;
revoke all on function hold_exercise from public;

create function plan_exercise(
    p_id uuid, p_starts timestamptz, p_ends timestamptz, p_office text, p_portal text, p_injects text, p_by uuid,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'office', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.begun_at is not null then
        return 'gone';
    elsif p_starts <= p_at or p_ends <= p_starts or p_ends - p_starts > interval '5 days'
          or year_in_sweden(p_starts) <> one.year then
        return 'times';
    end if;
    -- If the authority never answers, or nobody comes, the next plan is owed so many days after the day that was meant.
    update exercise set
        starts_at = p_starts, ends_at = p_ends, office_takes_part = p_office, portal_takes_part = p_portal,
        injects = p_injects, planned_by = p_by, planned_at = p_at, agreed_by = null, agreed_at = null, refused_at = null,
        refusal = null, answer_by = p_ends + make_interval(days => exercise_days(authority_id))
    where id = p_id returning * into one;
    perform enter_exercise('exercise.planned', one, p_by, p_at, jsonb_build_object('sha256', exercise_digest(one)));
    return 'done';
end $$;
revoke all on function plan_exercise from public;

-- Agrees to exactly the plan that was shown, or (p_refusal) asks for another.
create function decide_exercise(p_id uuid, p_digest text, p_refusal text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'portal', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.planned_at is null or one.agreed_at is not null or one.refused_at is not null or one.starts_at <= p_at then
        return 'gone';
    elsif p_digest <> exercise_digest(one) then
        return 'changed';
    end if;
    if p_refusal is null then
        update exercise set agreed_by = p_by, agreed_at = p_at where id = p_id;
    else
        update exercise set refused_at = p_at, refusal = p_refusal,
                            answer_by = p_at + make_interval(days => exercise_days(authority_id)) where id = p_id;
    end if;
    perform enter_exercise('exercise.decided', one, p_by, p_at, jsonb_build_object(
        'sha256', p_digest, 'verdict', case when p_refusal is null then 'approved' else 'refused' end));
    return 'done';
end $$;
revoke all on function decide_exercise from public;

-- Takes a request back before it has begun.
create function withdraw_exercise(p_id uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'portal', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.begun_at is not null then
        return 'gone';
    end if;
    update exercise set withdrawn_at = p_at where id = p_id;
    perform enter_exercise('exercise.withdrawn', one, p_by, p_at, jsonb_build_object('year', one.year));
    return 'done';
end $$;
revoke all on function withdraw_exercise from public;

-- Begins what both agreed to, from half an hour before its hour.
create function begin_exercise(p_id uuid, p_digest text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'office', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.agreed_at is null or one.begun_at is not null or one.ends_at <= p_at then
        return 'gone';
    elsif one.starts_at - interval '30 minutes' > p_at then
        return 'early';
    elsif p_digest <> exercise_digest(one) then
        return 'changed';
    end if;
    update exercise set begun_by = p_by, begun_at = p_at where id = p_id;
    perform enter_exercise('exercise.begun', one, p_by, p_at, jsonb_build_object(
        'sha256', p_digest, 'until', to_char(one.ends_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"')));
    return 'done';
end $$;
revoke all on function begin_exercise from public;

-- Ends it before its hour; either side can.
create function end_exercise(p_id uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'office portal', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.begun_at is null or one.ended_at is not null or one.ends_at <= p_at then
        return 'gone';
    end if;
    update exercise set ended_by = p_by, ended_at = greatest(p_at, begun_at) where id = p_id;
    perform enter_exercise('exercise.ended', one, p_by, p_at, '{}');
    return 'done';
end $$;
revoke all on function end_exercise from public;

-- Says for one's own side how many were there, once it is over. The other side says it for itself.
create function attend_exercise(p_id uuid, p_present integer, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'office portal', p_by, p_at);
    one exercise;
    side text;
begin
    select * into one from exercise e where e.id = p_id;
    side := speaking_side(p_by, one.authority_id, p_at);
    if said <> 'done' then
        return said;
    elsif one.begun_at is null or coalesce(one.ended_at, one.ends_at) > p_at
          or (case side when 'office' then one.office_present else one.portal_present end) is not null then
        return 'gone';
    elsif side = 'office' then
        update exercise set office_present = p_present where id = p_id;
    else
        update exercise set portal_present = p_present where id = p_id;
    end if;
    perform enter_exercise('exercise.attended', one, p_by, p_at, jsonb_build_object('side', side, 'count', p_present));
    return 'done';
end $$;
revoke all on function attend_exercise from public;

create function note_exercise_lesson(p_lesson_id uuid, p_id uuid, p_lesson text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'office portal', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.begun_at is null then
        return 'gone';
    elsif (select count(*) >= 100 from exercise_lesson l where l.exercise_id = p_id) then
        return 'many';
    end if;
    insert into exercise_lesson (id, exercise_id, lesson, side, noted_by, noted_at)
    values (p_lesson_id, p_id, p_lesson, speaking_side(p_by, one.authority_id, p_at), p_by, p_at);
    perform enter_exercise('exercise.lesson', one, p_by, p_at, jsonb_build_object('lesson', p_lesson_id));
    return 'done';
end $$;
revoke all on function note_exercise_lesson from public;

-- Says what becomes of a lesson: a shortcoming in the register that has an owner and a day and concerns the authority, or
-- why nothing is done.
create function settle_exercise_lesson(p_lesson_id uuid, p_finding uuid, p_motive text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    whose uuid := (select l.exercise_id from exercise_lesson l where l.id = p_lesson_id);
    said text := hold_exercise(whose, 'office', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = whose;
    if said <> 'done' then
        return said;
    elsif num_nonnulls(p_finding, p_motive) <> 1 then
        return 'either';
    elsif p_finding is not null and not exists (
        select from register_holding h
        where h.entry = p_finding and h.register = 'findings' and coalesce(h.fields ->> 'owner', '') <> ''
          and coalesce(h.fields ->> 'due', '') <> '' and (h.concerned is null or one.authority_id = any (h.concerned)))
    then
        return 'finding';
    end if;
    update exercise_lesson set finding = p_finding, motive = p_motive, settled_by = p_by where id = p_lesson_id;
    perform enter_exercise('exercise.settled', one, p_by, p_at, jsonb_build_object(
        'lesson', p_lesson_id, 'entry', p_finding, 'how', case when p_finding is null then 'motive' else 'action' end));
    return 'done';
end $$;
revoke all on function settle_exercise_lesson from public;

-- Closes one that both sides have said who came to, and of whose lessons each became something.
create function close_exercise(p_id uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_exercise(p_id, 'office', p_by, p_at);
    one exercise;
begin
    select * into one from exercise e where e.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.begun_at is null or coalesce(one.ended_at, one.ends_at) > p_at then
        return 'gone';
    elsif num_nulls(one.office_present, one.portal_present) > 0 then
        return 'attendance';
    elsif exists (
        select from exercise_lesson l where l.exercise_id = p_id and num_nonnulls(l.finding, l.motive) = 0)
    then
        return 'lessons';
    end if;
    update exercise set closed_by = p_by, closed_at = p_at where id = p_id;
    perform enter_exercise('exercise.closed', one, p_by, p_at, jsonb_build_object('seconds', exercise_seconds(one, p_at)));
    return 'done';
end $$;
revoke all on function close_exercise from public;

-- The years that ended with less than four hours in them though somebody had asked, and that no four hours since have made
-- good: a shortcoming does not heal by growing old.
create function list_short_years(p_at timestamptz) returns table (authority_id uuid, year integer)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with hours as (
        select e.authority_id, year_in_sweden(e.begun_at) as year, sum(exercise_seconds(e, p_at)) as seconds
        from exercise e where e.begun_at is not null group by 1, 2
    )
    select distinct e.authority_id, e.year
    from exercise e
    where (e.withdrawn_at is null or e.withdrawn_at > p_at) and e.asked_at <= p_at and e.year < year_in_sweden(p_at)
      and coalesce((select h.seconds from hours h where h.authority_id = e.authority_id and h.year = e.year), 0) < 14400
      and coalesce((select sum(h.seconds) from hours h where h.authority_id = e.authority_id and h.year > e.year), 0) < 14400
$$;
revoke all on function list_short_years from public;

-- Which authorities have asked, and since when, as it stood at a time: for this year or the next, or for one that something was
-- still owed of.
create function list_asked_exercises(p_at timestamptz) returns table (authority_id uuid, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.authority_id, min(e.asked_at)
    from exercise e
    where e.asked_at <= p_at and (e.withdrawn_at is null or e.withdrawn_at > p_at)
      and (e.year >= year_in_sweden(p_at) or (e.begun_at <= p_at and (e.closed_at is null or e.closed_at > p_at))
           or (e.authority_id, e.year) in (select s.authority_id, s.year from list_short_years(p_at) s))
    group by e.authority_id
$$;
revoke all on function list_asked_exercises from public;

-- Requests of this year or the next that the supplier has not answered in time (term 36).
create function find_unanswered_exercises(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.authority_id, 'unanswered', count(*)
    from exercise e
    where exercise_owes_plan(e, p_at) and e.answer_by < p_at and e.year >= year_in_sweden(p_at)
    group by e.authority_id
$$;
revoke all on function find_unanswered_exercises from public;

-- What is wrong with the hours that were asked for: a year that ended short; lessons that are open a month after; and, as
-- long as the year is not over, that four hours have not been held yet, which is not tested and no shortcoming.
create function find_exercise_hours(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with wrong as (
        select s.authority_id, 1 as rank, 'short' as reason, count(*) as things from list_short_years(p_at) s group by 1
        union all
        select e.authority_id, 2, 'open', count(*)
        from exercise e
        where e.begun_at is not null and e.closed_at is null
          and coalesce(e.ended_at, e.ends_at) < p_at - interval '30 days'
        group by 1
        union all
        select e.authority_id, 3, 'not_yet', count(distinct e.year)
        from exercise e
        where e.withdrawn_at is null and e.year >= year_in_sweden(p_at)
          and coalesce((select sum(exercise_seconds(h, p_at)) from exercise h
                        where h.authority_id = e.authority_id and year_in_sweden(h.begun_at) = e.year), 0) < 14400
        group by 1
    )
    select distinct on (w.authority_id) w.authority_id, w.reason, w.things from wrong w order by w.authority_id, w.rank
$$;
revoke all on function find_exercise_hours from public;

reset role;
