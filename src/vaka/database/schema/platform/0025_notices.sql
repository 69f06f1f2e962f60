-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Notices: what an authority is told of when it happens (term 10), written in the transaction of what happened. An entry of
-- the log makes them, whoever wrote it: a page, a command, or a statement by hand. Where an authority has said that it
-- wants them sent, each is tried until the other end has taken it; what is late shows, and has its entry.

-- Which entries are told of, as which kind of notice (vaka.notices.kinds), and which roles are privileged (vaka.access.roles).
-- A change comes with a migration, and tests compare.
create table notice_event (
    event text primary key,
    kind  text not null check (kind ~ '^[a-z]+(_[a-z]+)*$')
);
insert into notice_event (event, kind)
select event, 'holders'
from unnest(array['account.created', 'account.invited', 'account.linked', 'account.changed', 'account.deactivated',
                  'account.reactivated', 'account.removed', 'role.requested', 'role.approved', 'role.refused',
                  'role.granted', 'role.revoked', 'role.lapsed', 'role.designated', 'role.released', 'role.unauthorised',
                  'security_key.enrolled', 'security_key.removed', 'row.changed_by_hand']) event;
create table privileged_role (role text primary key);
insert into privileged_role
select unnest(array['shift_leader', 'device_technician', 'log_reviewer', 'contract_officer', 'archivist', 'records_officer',
                    'access_approver', 'administrator']);
create trigger only_migrated before insert or update or delete or truncate on notice_event
    for each statement execute function refuse_other_pairs();
create trigger only_migrated before insert or update or delete or truncate on privileged_role
    for each statement execute function refuse_other_pairs();

-- Where an authority wants notices sent. It alone says so, in its portal.
create table notice_way (
    id           uuid primary key,
    authority_id uuid not null references authority,
    way          text not null check (way in ('mail', 'webhook')),
    -- A mail address, or the URL that is posted to.
    address      text not null check (length(address) between 3 and 500),
    -- Of mail: the authority's own mail server, as host:port. What it has taken is delivered.
    server       text check ((way = 'mail') = (server is not null) and length(server) <= 260),
    -- PEM: the certificate, or its issuer's, that the other end must have; without it, one that is publicly trusted.
    certificate  text check (length(certificate) <= 20000),
    set_by       uuid not null references account,
    since        timestamptz not null,
    ended_by     uuid references account,
    ended_at     timestamptz,
    check ((ended_by is null) = (ended_at is null))
);
create index notice_way_of_authority on notice_way (authority_id) where ended_at is null;

-- Within how many minutes notices are delivered: as agreed, fifteen where nothing is.
create table notice_rule (
    authority_id uuid primary key references authority,
    minutes      integer not null check (minutes between 1 and 1440),
    decided_by   uuid not null references account,
    decided_at   timestamptz not null
);

create table notice (
    id              uuid primary key default gen_random_uuid(),
    authority_id    uuid not null references authority,
    kind            text not null,
    -- The number of the entry that it tells of, and what that says of whom.
    entry           bigint not null,
    event           text not null,
    object          text not null,
    happened_at     timestamptz not null,
    late_at         timestamptz not null,
    late_told_at    timestamptz,
    acknowledged_by uuid references account,
    acknowledged_at timestamptz,
    unique (authority_id, entry)
);
create index notice_of_authority on notice (authority_id, happened_at desc);
create index notice_not_late on notice (late_at) where late_told_at is null;

create table notice_delivery (
    notice_id    uuid not null references notice,
    way_id       uuid not null references notice_way,
    attempts     integer not null default 0,
    next_at      timestamptz not null,
    -- Why the last attempt failed, as a code.
    fault        text,
    delivered_at timestamptz,
    -- What the other end said when it took it, as a code.
    receipt      text check (length(receipt) <= 200),
    primary key (notice_id, way_id)
);
create index notice_delivery_due on notice_delivery (next_at) where delivered_at is null;

-- Whether a notice has arrived: by every way that the authority has set and not ended; where there is none, when somebody
-- has opened and acknowledged it in the portal. Nothing sets it.
create view notice_standing as
select n.id, n.authority_id, n.kind, n.entry, n.event, n.object, n.happened_at, n.late_at, n.late_told_at,
       n.acknowledged_by, n.acknowledged_at,
       case when count(w.id) = 0 then n.acknowledged_at
            when count(w.id) = count(d.delivered_at) filter (where w.id is not null) then max(d.delivered_at)
       end as arrived_at
from notice n
left join notice_delivery d on d.notice_id = n.id
left join notice_way w on w.id = d.way_id and (w.ended_at is null or d.delivered_at is not null)
group by n.id;

-- Whose business an entry is that is told of. What was changed by hand in the registers of access may be anybody's.
create function noticed_by(p_event text, p_actor text, p_object text, p_detail jsonb) returns setof uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with entry as (
        select split_part(p_object, ':', 1) as register,
               case when p_event like 'security\_key.%' then split_part(coalesce(p_detail ->> 'account', p_actor), ':', 2)
                    else split_part(p_object, ':', 2) end as account
    )
    select t.id
    from authority t cross join entry
    where t.kind = 'authority' and t.state = 'active' and case
        when p_event = 'row.changed_by_hand' then register in (
            'account', 'account_link', 'designated_role', 'invitation', 'notice', 'notice_delivery', 'notice_rule',
            'notice_way', 'role_grant', 'role_request', 'security_key')
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
revoke all on function noticed_by from public;

create function write_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    told text := (select n.kind from notice_event n where n.event = new.event);
    -- Whoever says that it happens later than it is written cannot put the notice off by that.
    runs_from timestamptz := least(new.happened_at, new.written_at);
begin
    if told is null or new.outcome <> 'success' then
        return null;
    end if;
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t, told, new.id, new.event, new.object, new.happened_at,
               runs_from + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t), 15))
        from noticed_by(new.event, new.actor, new.object, new.detail) t
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, runs_from
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_notices from public;

-- Says where notices go, as portal. At most five at a time. Says 'done', or why not.
create function set_notice_way(
    p_id uuid, p_authority uuid, p_way text, p_address text, p_server text, p_certificate text, p_account uuid,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    perform pg_advisory_xact_lock(hashtextextended('notice_way:' || p_authority, 0));
    if hindrance is not null then
        return hindrance;
    elsif (select count(*) from notice_way w where w.authority_id = p_authority and w.ended_at is null) >= 5 then
        return 'many';
    end if;
    perform ledger.append(p_at, 'notice_way.set', 'account:' || p_account, 'notice_way:' || p_id, 'success',
                          jsonb_build_object('authority', p_authority, 'way', p_way));
    insert into notice_way (id, authority_id, way, address, server, certificate, set_by, since)
    values (p_id, p_authority, p_way, p_address, p_server, p_certificate, p_account, p_at);
    return 'done';
end $$;
revoke all on function set_notice_way from public;

-- Ends one, as portal. What it has not delivered is delivered no more by it.
create function end_notice_way(p_id uuid, p_authority uuid, p_account uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    update notice_way set ended_by = p_account, ended_at = p_at
    where id = p_id and authority_id = p_authority and ended_at is null;
    if not found then
        return 'gone';
    end if;
    perform ledger.append(p_at, 'notice_way.ended', 'account:' || p_account, 'notice_way:' || p_id, 'success',
                          jsonb_build_object('authority', p_authority));
    return 'done';
end $$;
revoke all on function end_notice_way from public;

create function set_notice_minutes(p_authority uuid, p_minutes integer, p_account uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    perform ledger.append(p_at, 'notice_rule.set', 'account:' || p_account, 'authority:' || p_authority, 'success',
                          jsonb_build_object('authority', p_authority, 'minutes', p_minutes));
    insert into notice_rule (authority_id, minutes, decided_by, decided_at)
    values (p_authority, p_minutes, p_account, p_at)
    on conflict (authority_id) do update
        set minutes = excluded.minutes, decided_by = excluded.decided_by, decided_at = excluded.decided_at;
    return 'done';
end $$;
revoke all on function set_notice_minutes from public;

-- Says that somebody has seen these, as portal; returns how many nobody had.
create function acknowledge_notices(p_authority uuid, p_notices uuid[], p_account uuid, p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    seen record;
    count bigint := 0;
begin
    if undecided_because(p_account, 'contract_officer', p_authority, p_at) is not null then
        return 0;
    end if;
    for seen in
        update notice set acknowledged_by = p_account, acknowledged_at = p_at
        where id = any (p_notices) and authority_id = p_authority and acknowledged_at is null
        returning id, entry
    loop
        perform ledger.append(p_at, 'notice.acknowledged', 'account:' || p_account, 'notice:' || seen.id, 'success',
                              jsonb_build_object('authority', p_authority, 'entry', seen.entry));
        count := count + 1;
    end loop;
    return count;
end $$;
revoke all on function acknowledge_notices from public;

-- Hands out what is due, as notifier, and puts each off: 10 s, 20 s, 40 s … up to a quarter of an hour. Whoever dies with
-- some in hand leaves them to the next.
create function take_notices(p_at timestamptz, p_most integer) returns table (
    notice_id uuid, way_id uuid, kind text, entry bigint, event text, object text, happened_at timestamptz, slug text,
    way text, address text, server text, certificate text, attempts integer
)
    language sql security definer set search_path = vaka, pg_temp as $$
    with due as (
        select d.notice_id, d.way_id
        from notice_delivery d join notice_way w on w.id = d.way_id and w.ended_at is null
        where d.delivered_at is null and d.next_at <= p_at
        order by d.next_at, d.notice_id
        limit p_most
        for update of d skip locked
    ), taken as (
        update notice_delivery d
        set attempts = d.attempts + 1,
            next_at = p_at + least(interval '15 minutes', interval '10 seconds' * power(2, least(d.attempts, 10)))
        from due
        where d.notice_id = due.notice_id and d.way_id = due.way_id
        returning d.notice_id, d.way_id, d.attempts
    )
    select n.id, w.id, n.kind, n.entry, n.event, n.object, n.happened_at, t.slug, w.way, w.address, w.server, w.certificate,
           taken.attempts
    from taken join notice n on n.id = taken.notice_id join notice_way w on w.id = taken.way_id
    join authority t on t.id = n.authority_id
$$;
revoke all on function take_notices from public;

-- Says that the other end has taken it, as notifier, and what it said then.
create function tell_delivered(p_notice uuid, p_way uuid, p_receipt text, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update notice_delivery set delivered_at = p_at, receipt = p_receipt, fault = null
    where notice_id = p_notice and way_id = p_way and delivered_at is null;
    if not found then
        return false;
    end if;
    perform ledger.append(
        p_at, 'notice.delivered', 'notifier', 'notice:' || p_notice, 'success',
        (select jsonb_build_object('authority', n.authority_id, 'entry', n.entry, 'way', w.way, 'receipt', p_receipt)
         from notice n, notice_way w where n.id = p_notice and w.id = p_way));
    return true;
end $$;
revoke all on function tell_delivered from public;

-- Says why it was not, as notifier; the entry is written when the reason is another than before.
create function tell_hindered(p_notice uuid, p_way uuid, p_fault text, p_at timestamptz) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update notice_delivery set fault = p_fault
    where notice_id = p_notice and way_id = p_way and delivered_at is null and fault is distinct from p_fault;
    if not found then
        return false;
    end if;
    perform ledger.append(
        p_at, 'notice.hindered', 'notifier', 'notice:' || p_notice, 'failure',
        (select jsonb_build_object('authority', n.authority_id, 'entry', n.entry, 'way', w.way, 'reason', p_fault)
         from notice n, notice_way w where n.id = p_notice and w.id = p_way));
    return true;
end $$;
revoke all on function tell_hindered from public;

-- Tells once of each notice that has not arrived in time, as scheduler: also while no notifier works. Returns how many.
create function tell_late_notices(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    late record;
    count bigint := 0;
begin
    for late in
        select s.id, s.authority_id, s.entry from notice_standing s
        where s.id in (select n.id from notice n where n.late_told_at is null and n.late_at <= p_at)
          and (s.arrived_at is null or s.arrived_at >= s.late_at)
        order by s.late_at, s.id
    loop
        update notice set late_told_at = p_at where id = late.id and late_told_at is null;
        if found then
            perform ledger.append(p_at, 'notice.late', 'scheduler', 'notice:' || late.id, 'success',
                                  jsonb_build_object('authority', late.authority_id, 'entry', late.entry));
            count := count + 1;
        end if;
    end loop;
    return count;
end $$;
revoke all on function tell_late_notices from public;

create constraint trigger entered after update of authority_id, kind, entry, event, object, happened_at, late_at, late_told_at,
    acknowledged_by, acknowledged_at or delete on notice deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create constraint trigger entered after update of notice_id, way_id, delivered_at, receipt or delete on notice_delivery
    deferrable initially deferred for each row execute function enter_change_by_hand('notice_id');
create constraint trigger entered after insert or update or delete on notice_way deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create constraint trigger entered after insert or update or delete on notice_rule deferrable initially deferred
    for each row execute function enter_change_by_hand('authority_id');
create trigger emptying_entered after truncate on notice for each statement execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on notice_delivery for each statement
    execute function enter_change_by_hand('notice_id');
create trigger emptying_entered after truncate on notice_way for each statement execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on notice_rule for each statement
    execute function enter_change_by_hand('authority_id');

set role vaka_ledger;
insert into ledger.telling (register, operation, event, names, kind) values
    ('notice', 'update', 'notice.acknowledged', 'object', 'notice'),
    ('notice', 'update', 'notice.late', 'object', 'notice'),
    ('notice_delivery', 'update', 'notice.delivered', 'object', 'notice'),
    ('notice_way', 'insert', 'notice_way.set', 'object', 'notice_way'),
    ('notice_way', 'update', 'notice_way.ended', 'object', 'notice_way'),
    ('notice_rule', 'insert', 'notice_rule.set', 'object', 'authority'),
    ('notice_rule', 'update', 'notice_rule.set', 'object', 'authority');
reset role;

-- Of the log's inbox, which another owns, only who migrates can say this.
create trigger told_of after insert on ledger.inbox for each row execute function vaka.write_notices();
