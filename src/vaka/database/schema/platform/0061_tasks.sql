-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What waits, and when it is due: reminders that are told once, digests of a week, and calendars of deadlines by secret links.
-- What is to be done is computed each time (vaka.assurance.tasks); here stands only what somebody was told of it.

-- What waits for an authority and stands in this database, as portal or scheduler: requests for roles, programs that end,
-- and notices that nobody was told by mail or post and nobody has seen.
create function list_waiting(p_authority uuid, p_at timestamptz)
    returns table (kind text, id uuid, since timestamptz, due timestamptz, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select 'role_request', r.id, r.valid_from, r.answer_by, 1
    from role_request r
    where r.authority_id = p_authority and r.state = 'waiting' and (r.answer_by is null or r.answer_by > p_at)
    union all
    select 'client', c.id, c.created_at, c.ends_at, 1
    from api_client c
    where c.authority_id = p_authority and c.ended_at is null and c.ends_at > p_at
    union all
    select 'notice', p_authority, min(s.happened_at), null, count(*)
    from notice_standing s
    where s.authority_id = p_authority and s.arrived_at is null and s.acknowledged_at is null
      and not exists (select from notice_delivery d where d.notice_id = s.id)
    having count(*) > 0
$$;
revoke all on function list_waiting from public;

-- The days of everything that holds in the supplier's registers, and nothing else of it, as office or scheduler.
create function list_register_days()
    returns table (entry uuid, register text, state text, concerned uuid[], made_at timestamptz, days jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.entry, h.register, h.state, h.concerned, h.made_at,
           (select coalesce(jsonb_object_agg(f.key, f.value), '{}')
            from jsonb_each_text(h.fields) f where f.key in ('due', 'accepted_until', 'valid_until'))
    from register_holding h
    where h.state <> 'closed'
    order by h.register, h.entry
$$;
revoke all on function list_register_days from public;

-- The same of what an authority is shown entry by entry, as portal or scheduler.
create function list_shown_days(p_authority uuid)
    returns table (entry uuid, register text, state text, concerned uuid[], made_at timestamptz, days jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select d.entry, d.register, d.state, array[p_authority], d.made_at, d.days
    from list_register_days() d
    join register_showing s on s.register = d.register and s.authority_id = p_authority and s.how = 'entries'
    where d.concerned is null or p_authority = any (d.concerned)
    order by d.register, d.entry
$$;
revoke all on function list_shown_days from public;

-- The supplier is told where its reception of unknown senders is: the one authority that is its own.
create function own_reception() returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select id from authority where kind = 'intake'
$$;
revoke all on function own_reception from public;

-- A reminder that was told, of what, in which stage; none is told twice. What it says names nobody.
create table reminder (
    id           uuid primary key default gen_random_uuid(),
    authority_id uuid not null references authority,
    about        text not null check (length(about) <= 100),
    due          date not null,
    stage        text not null check (stage ~ '^(before-[0-9]{1,2}|today|late-[0-9]{1,3})$'),
    said         jsonb not null check (length(said::text) <= 4000),
    told_at      timestamptz not null,
    unique (authority_id, about, due, stage)
);

-- On which day of the week (1 Monday … 7 Sunday) an authority, or the supplier, gets its digest; 0: none. Monday where
-- nothing stands.
create table digest_rule (
    authority_id uuid primary key references authority,
    weekday      integer not null check (weekday between 0 and 7),
    decided_by   uuid not null references account,
    decided_at   timestamptz not null
);

create table digest (
    id           uuid primary key default gen_random_uuid(),
    authority_id uuid not null references authority,
    day          date not null,
    said         jsonb not null check (length(said::text) <= 4000),
    told_at      timestamptz not null,
    unique (authority_id, day)
);

-- A calendar that somebody reads by a link: of an authority, or without one of the supplier. The secret is kept as a digest.
create table calendar_link (
    id           uuid primary key,
    authority_id uuid references authority,
    account_id   uuid not null references account,
    token_hash   bytea not null unique check (length(token_hash) = 32),
    made_at      timestamptz not null,
    ended_at     timestamptz,
    ended_by     uuid references account,
    check ((ended_by is null) = (ended_at is null))
);
create index calendar_link_of_account on calendar_link (account_id) where ended_at is null;

-- An authority's calendar is its portal's to give, and the supplier's the office's: whoever has the login of one process
-- makes no link for the other, nor for an account that is nobody there. A link is never altered, but ended where it was made.
create function refuse_other_links() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if session_user <> (case when new.authority_id is null then 'vaka_office' else 'vaka_portal' end) or not (
        tg_op = 'UPDATE'
        or new.authority_id is null and acts_as_administrator(new.account_id, new.made_at)
        or exists (select from account a join effective_grant g on g.account_id = a.id
                   where a.id = new.account_id and a.kind = 'user' and a.state = 'active'
                     and g.authority_id = new.authority_id and (g.valid_until is null or g.valid_until > new.made_at)))
    then
        raise exception 'a link to a calendar is made and ended where its owner signs in'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
revoke all on function refuse_other_links from public;
create trigger only_by_its_side before insert or update on calendar_link for each row execute function refuse_other_links();

set role vaka_ledger;

alter table ledger.inbox add constraint calendar_links_are_of_two_sides check (
    event not in ('calendar_link.made', 'calendar_link.ended')
    or written_by ~ (case when detail ? 'authority' then '_portal$' else '_office$' end));

set role vaka_owner;

create function has_open_way(p_authority uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from notice_way w where w.authority_id = p_authority and w.ended_at is null)
$$;
revoke all on function has_open_way from public;

-- Tells, as scheduler, whoever has said where: false where nobody has, or where it was told before.
create function tell_reminder(
    p_authority uuid, p_about text, p_due date, p_stage text, p_said jsonb, p_at timestamptz
) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    told uuid;
begin
    if not has_open_way(p_authority) then
        return false;
    end if;
    insert into reminder (authority_id, about, due, stage, said, told_at)
    values (p_authority, p_about, p_due, p_stage, p_said, p_at)
    on conflict do nothing returning id into told;
    if told is null then
        return false;
    end if;
    perform ledger.append(p_at, 'reminder.told', 'scheduler', 'reminder:' || told, 'success',
                          jsonb_build_object('authority', p_authority, 'about', p_about, 'due', p_due, 'stage', p_stage));
    return true;
end $$;
revoke all on function tell_reminder from public;

create function tell_digest(p_authority uuid, p_day date, p_said jsonb, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    told uuid;
begin
    if not has_open_way(p_authority) then
        return false;
    end if;
    insert into digest (authority_id, day, said, told_at) values (p_authority, p_day, p_said, p_at)
    on conflict do nothing returning id into told;
    if told is null then
        return false;
    end if;
    perform ledger.append(p_at, 'digest.told', 'scheduler', 'digest:' || told, 'success',
                          jsonb_build_object('authority', p_authority, 'day', p_day));
    return true;
end $$;
revoke all on function tell_digest from public;

-- The day an authority wants its digest on, whether anybody is told at all, and what the last one said: as scheduler.
create function read_digest_state(p_authority uuid)
    returns table (weekday integer, is_told boolean, last_day date, last_told_at timestamptz, last_said jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select coalesce((select r.weekday from digest_rule r where r.authority_id = p_authority), 1), has_open_way(p_authority),
           d.day, d.told_at, d.said
    from (values (1)) one
    left join lateral (
        select g.day, g.told_at, g.said from digest g where g.authority_id = p_authority order by g.day desc limit 1
    ) d on true
$$;
revoke all on function read_digest_state from public;

-- What a reminder or a digest says, as notifier.
create function read_said(p_objects text[]) returns table (object text, said jsonb)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select 'reminder:' || r.id, r.said from reminder r where 'reminder:' || r.id = any (p_objects)
    union all
    select 'digest:' || d.id, d.said from digest d where 'digest:' || d.id = any (p_objects)
$$;
revoke all on function read_said from public;

-- Says on which day one's digest comes, as portal. Says 'done', or why not.
create function set_digest_day(p_authority uuid, p_weekday integer, p_account uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    perform ledger.append(p_at, 'digest_rule.set', 'account:' || p_account, 'authority:' || p_authority, 'success',
                          jsonb_build_object('authority', p_authority, 'weekday', p_weekday));
    insert into digest_rule (authority_id, weekday, decided_by, decided_at)
    values (p_authority, p_weekday, p_account, p_at)
    on conflict (authority_id) do update
        set weekday = excluded.weekday, decided_by = excluded.decided_by, decided_at = excluded.decided_at;
    return 'done';
end $$;
revoke all on function set_digest_day from public;

-- The same for the supplier, as office: an administrator decides, with his key. Each says 'done', or why not.
create function set_own_digest_day(p_weekday integer, p_account uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not acts_as_administrator(p_account, p_at) then
        return 'stranger';
    elsif own_reception() is null then
        return 'gone';
    end if;
    perform ledger.append(p_at, 'digest_rule.set', 'account:' || p_account, 'authority:' || own_reception(), 'success',
                          jsonb_build_object('authority', own_reception(), 'weekday', p_weekday));
    insert into digest_rule (authority_id, weekday, decided_by, decided_at)
    values (own_reception(), p_weekday, p_account, p_at)
    on conflict (authority_id) do update
        set weekday = excluded.weekday, decided_by = excluded.decided_by, decided_at = excluded.decided_at;
    return 'done';
end $$;
revoke all on function set_own_digest_day from public;

create function list_own_ways()
    returns table (id uuid, way text, address text, server text, is_pinned boolean, set_by uuid, since timestamptz,
                   ended_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.id, w.way, w.address, w.server, w.certificate is not null, w.set_by, w.since, w.ended_at
    from notice_way w
    where w.authority_id = own_reception()
    order by w.ended_at nulls first, w.since
$$;
revoke all on function list_own_ways from public;

create function set_own_way(
    p_id uuid, p_way text, p_address text, p_server text, p_certificate text, p_account uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('notice_way:' || own_reception(), 0));
    if not acts_as_administrator(p_account, p_at) then
        return 'stranger';
    elsif own_reception() is null then
        return 'gone';
    elsif (select count(*) from notice_way w where w.authority_id = own_reception() and w.ended_at is null) >= 5 then
        return 'many';
    end if;
    perform ledger.append(p_at, 'notice_way.set', 'account:' || p_account, 'notice_way:' || p_id, 'success',
                          jsonb_build_object('authority', own_reception(), 'way', p_way));
    insert into notice_way (id, authority_id, way, address, server, certificate, set_by, since)
    values (p_id, own_reception(), p_way, p_address, p_server, p_certificate, p_account, p_at);
    return 'done';
end $$;
revoke all on function set_own_way from public;

create function end_own_way(p_id uuid, p_account uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not acts_as_administrator(p_account, p_at) then
        return 'stranger';
    end if;
    update notice_way set ended_by = p_account, ended_at = p_at
    where id = p_id and authority_id = own_reception() and ended_at is null;
    if not found then
        return 'gone';
    end if;
    perform ledger.append(p_at, 'notice_way.ended', 'account:' || p_account, 'notice_way:' || p_id, 'success',
                          jsonb_build_object('authority', own_reception()));
    return 'done';
end $$;
revoke all on function end_own_way from public;

create function read_own_digest_day() returns integer
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select coalesce((select r.weekday from digest_rule r where r.authority_id = own_reception()), 1)
$$;
revoke all on function read_own_digest_day from public;

-- A notice of each, for whom it is, and to nobody else. An entry that somebody wrote without the row tells nobody anything.
create function write_task_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with whose as (
        select r.authority_id, 'reminder' as kind from reminder r where 'reminder:' || r.id = new.object
        union all
        select d.authority_id, 'digest' from digest d where 'digest:' || d.id = new.object
    ), written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select w.authority_id, w.kind, new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = w.authority_id), 15))
        from whose w
        on conflict do nothing
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_task_notices from public;

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('reminder.told', 'reminder'), ('digest.told', 'digest');
alter table notice_event enable trigger only_migrated;
alter table notice_register disable trigger only_migrated;
insert into notice_register values ('calendar_link'), ('digest'), ('digest_rule'), ('reminder');
alter table notice_register enable trigger only_migrated;

create constraint trigger entered after insert or update or delete on reminder deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create constraint trigger entered after insert or update or delete on digest deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create constraint trigger entered after insert or update or delete on digest_rule deferrable initially deferred
    for each row execute function enter_change_by_hand('authority_id');
create constraint trigger entered after insert or update or delete on calendar_link deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on reminder for each statement execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on digest for each statement execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on digest_rule for each statement
    execute function enter_change_by_hand('authority_id');
create trigger emptying_entered after truncate on calendar_link for each statement execute function enter_change_by_hand('id');

set role vaka_ledger;
insert into ledger.telling (register, operation, event, names, kind) values
    ('reminder', 'insert', 'reminder.told', 'object', 'reminder'),
    ('digest', 'insert', 'digest.told', 'object', 'digest'),
    ('digest_rule', 'insert', 'digest_rule.set', 'object', 'authority'),
    ('digest_rule', 'update', 'digest_rule.set', 'object', 'authority'),
    ('calendar_link', 'insert', 'calendar_link.made', 'object', 'calendar_link'),
    ('calendar_link', 'update', 'calendar_link.ended', 'object', 'calendar_link');
reset role;

create trigger told_of_tasks after insert on ledger.inbox for each row
    when (new.event in ('reminder.told', 'digest.told') and new.outcome = 'success')
    execute function vaka.write_task_notices();
