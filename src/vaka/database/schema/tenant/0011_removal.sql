-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- How long alarms, messages and notes are kept, and their removal. The authority decides by rules that one of its people
-- proposes and another approves; the scheduler removes by night what they say is old enough.
--
-- What decides is the approval's entry in the log. The row here says what was approved: rows that somebody put here, or
-- changed, let nothing be removed. And whoever removes names what he means and nothing else: the rule, the age, the state,
-- the holds are looked at here, by the database's own clock.

-- A set of rules: {"alarms": {"months": 60, "exempt": true}, …}. A kind that is not in it is kept for ever.
create table removal_rules (
    id           uuid primary key,
    rules        jsonb       not null,
    reason       text        not null check (reason ~ '\S' and length(reason) <= 200),
    proposed_at  timestamptz not null,
    proposed_by  text        not null check (proposed_by like 'account:%'),
    approved_at  timestamptz,
    approved_by  text        check (approved_by like 'account:%'),
    withdrawn_at timestamptz,
    withdrawn_by text        check (withdrawn_by like 'account:%'),
    check ((approved_at is null) = (approved_by is null)),
    check ((withdrawn_at is null) = (withdrawn_by is null)),
    check (approved_at is null or withdrawn_at is null),
    -- Four eyes.
    check (approved_by <> proposed_by)
);
create unique index removal_proposed on removal_rules ((true)) where approved_at is null and withdrawn_at is null;

-- Which kinds there are, and for how many months each is kept at least. Also in vaka.removal.kinds.
create function removal_kinds() returns table (kind text, shortest integer, may_exempt boolean)
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    values ('alarms', 24, true), ('strangers', 3, false), ('technical', 1, false), ('messages', 1, false),
           ('notes', 1, true)
$$;
revoke all on function removal_kinds from public;

create function sound_removal_rules(rules jsonb) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select jsonb_typeof(rules) = 'object' and not exists (
        select from jsonb_each(rules) r left join removal_kinds() k on k.kind = r.key
        where not coalesce(
            jsonb_typeof(r.value) = 'object' and r.value - '{months,exempt}'::text[] = '{}'
            and r.value ->> 'exempt' in ('true', 'false') and (k.may_exempt or r.value ->> 'exempt' = 'false')
            and r.value ->> 'months' ~ '^[1-9][0-9]{0,3}$'
            and (r.value ->> 'months')::integer between k.shortest and 1200, false))
$$;
revoke all on function sound_removal_rules from public;
alter table removal_rules add constraint rules_are_sound check (sound_removal_rules(rules));

-- What an approval is bound to: this set, exactly as it was shown.
create function removal_digest(id uuid, rules jsonb) returns text
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to(id::text || ' ' || rules::text, 'UTF8')), 'hex')
$$;
revoke all on function removal_digest from public;

-- Who has seen what a proposal would remove: nobody approves who has not.
create table removal_preview (
    rules_id uuid        not null references removal_rules,
    account  text        not null,
    digest   text        not null,
    seen_at  timestamptz not null,
    primary key (rules_id, account)
);

-- What the last night did.
create table removal_state (
    only_one    boolean primary key default true check (only_one),
    finished_at timestamptz,
    complete    boolean not null default true,
    -- By kind: how many were removed, and how many stayed because of a birth day, of one that cannot be read, of a hold.
    result      jsonb not null default '{}'
);
insert into removal_state default values;

create constraint trigger entered after insert or update or delete on removal_rules deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on removal_rules
    for each statement execute function enter_change_by_hand('id');

-- Messages that belong to no alarm, by age.
create index message_alone on message (received_at, id) where alarm_id is null;

reset role;
set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('removal_rules', 'insert', 'removal.proposed', 'object', 'removal'),
    ('removal_rules', 'update', 'removal.approved', 'object', 'removal'),
    ('removal_rules', 'update', 'removal.withdrawn', 'object', 'removal'),
    ('note', 'delete', 'data.removed', 'nothing', '');

alter table ledger.inbox add constraint removal_rules_are_the_authoritys check (
    event not in ('removal.proposed', 'removal.previewed', 'removal.approved', 'removal.withdrawn')
    or written_by ~ '_portal$');
alter table ledger.inbox add constraint removal_is_the_schedulers check (
    event not in ('data.removed', 'alarm.removed', 'removal.run') or written_by ~ '_scheduler$');

-- Since when the log says, sealed and signed, that one of the authority's people proposed these very rules and that
-- another approved them; null where it does not. Entries as old as the authority keeps none are gone from the log: then
-- what the row itself says of that time is believed.
create function ledger.removal_approved_at(
    p_object text, p_digest text, p_proposed_at timestamptz, p_approved_at timestamptz
) returns timestamptz
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = p_object and i.event in ('removal.proposed', 'removal.approved')
          and e.index < (select max(c.size) from checkpoint c)
    ), telling as (
        select leaf ->> 'event' as event, leaf ->> 'actor' as actor, (leaf ->> 'written_at')::timestamptz as at
        from said
        where leaf ->> 'object' = p_object and leaf ->> 'outcome' = 'success' and leaf ->> 'written_by' ~ '_portal$'
          and leaf ->> 'actor' ~ '^account:' and leaf -> 'detail' ->> 'rules' = p_digest
    ), oldest as (
        select (convert_from(e.leaf, 'UTF8')::jsonb ->> 'written_at')::timestamptz as at from log_entry e
        where e.index > (
            select (convert_from(p.leaf, 'UTF8')::jsonb -> 'detail' ->> 'last')::bigint from log_entry p
            where position('},"event":"ledger.pruned","id":'::bytea in p.leaf) > 0 order by p.index desc limit 1)
        order by e.index limit 1
    )
    select case
        when exists (select from telling a, telling p where a.event = 'removal.approved' and p.event = 'removal.proposed'
                     and a.actor <> p.actor)
          or (p_proposed_at < (select o.at from oldest o)
              and exists (select from telling a where a.event = 'removal.approved'))
            then (select min(a.at) from telling a where a.event = 'removal.approved')
        when p_approved_at < (select o.at from oldest o) then p_approved_at
    end
$$;
revoke all on function ledger.removal_approved_at from public;

reset role;
set role vaka_owner;

-- Every set of rules, and since when the log knows it as approved.
create function list_removal_rules() returns table (
    id uuid, rules jsonb, digest text, reason text, proposed_at timestamptz, proposed_by text, approved_at timestamptz,
    approved_by text, withdrawn_at timestamptz, withdrawn_by text, since timestamptz
)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    return query
    select r.id, r.rules, d.digest, r.reason, r.proposed_at, r.proposed_by, r.approved_at, r.approved_by,
           r.withdrawn_at, r.withdrawn_by,
           case when r.approved_at is not null then
               ledger.removal_approved_at('removal:' || r.id, d.digest, r.proposed_at, r.approved_at) end
    from removal_rules r cross join lateral (select removal_digest(r.id, r.rules) as digest) d
    order by r.proposed_at desc, r.id;
end $$;
revoke all on function list_removal_rules from public;

-- What is in force at a moment. Of each kind the longest of all that was in force in the 30 days before: a shorter time
-- waits, the first decision too; a longer one holds at once, and so does an exemption. No row: nothing of that kind goes.
create function removal_in_force(p_at timestamptz)
    returns table (kind text, months integer, exempt boolean, rules_id uuid, digest text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with approved as (select l.id, l.rules, l.digest, l.since from list_removal_rules() l where l.since <= p_at),
    settled as (select max(a.since) as since from approved a where a.since <= p_at - interval '720 hours'),
    said as (
        select k.kind, (a.rules -> k.kind ->> 'months')::integer as months,
               coalesce((a.rules -> k.kind ->> 'exempt')::boolean, false) as exempt, a.id, a.digest, a.since
        from approved a join settled s on a.since >= s.since cross join removal_kinds() k
    )
    select distinct on (s.kind) s.kind, s.months, bool_or(s.exempt) over (partition by s.kind), s.id, s.digest
    from said s
    where not exists (select from said o where o.kind = s.kind and o.months is null)
    order by s.kind, s.months desc, s.since desc
$$;
revoke all on function removal_in_force from public;

-- Called by the authority's component alone; the entry is written by whoever calls, in the same transaction.
create function propose_removal(p_id uuid, p_rules jsonb, p_reason text, p_at timestamptz, p_actor text) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    insert into removal_rules (id, rules, reason, proposed_at, proposed_by)
    values (p_id, p_rules, p_reason, p_at, p_actor);
    return removal_digest(p_id, p_rules);
end $$;
revoke all on function propose_removal from public;

create function note_removal_preview(p_id uuid, p_digest text, p_at timestamptz, p_actor text) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    insert into removal_preview (rules_id, account, digest, seen_at) values (p_id, p_actor, p_digest, p_at)
    on conflict (rules_id, account) do update set digest = excluded.digest, seen_at = excluded.seen_at
$$;
revoke all on function note_removal_preview from public;

-- Says what came of it: 'approved', or why not.
create function approve_removal(p_id uuid, p_digest text, p_at timestamptz, p_actor text) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    proposal removal_rules;
begin
    select r.* into proposal from removal_rules r
    where r.id = p_id and r.approved_at is null and r.withdrawn_at is null for update;
    if proposal.id is null then
        return 'gone';
    elsif proposal.proposed_by = p_actor then
        return 'own';
    elsif removal_digest(proposal.id, proposal.rules) <> p_digest then
        return 'changed';
    elsif not exists (select from removal_preview s
                      where s.rules_id = p_id and s.account = p_actor and s.digest = p_digest) then
        return 'unseen';
    end if;
    update removal_rules set approved_at = p_at, approved_by = p_actor where id = p_id;
    return 'approved';
end $$;
revoke all on function approve_removal from public;

create function withdraw_removal(p_id uuid, p_at timestamptz, p_actor text) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update removal_rules set withdrawn_at = p_at, withdrawn_by = p_actor
    where id = p_id and approved_at is null and withdrawn_at is null;
    return found;
end $$;
revoke all on function withdraw_removal from public;

-- What of a kind is older than a moment, oldest first: an alarm together with everything that was made part of it, by the
-- newest that happened to any of them; a message; a note. Open alarms never. Planned anew each time: what is named is found
-- by its key, and what is not by its age.
create function find_removable(
    p_kind text, p_before timestamptz, p_after timestamptz, p_after_id uuid, p_things uuid[], p_most integer
) returns table (thing uuid, at timestamptz, alarms uuid[], people uuid[])
    language plpgsql stable set search_path = vaka, pg_temp
    set plan_cache_mode = force_custom_plan as $$
begin
    if p_kind = 'messages' then
        return query
        select m.id, m.received_at, '{}'::uuid[],
               -- Whose the device is, and who was written to when it was somebody else's.
               array(select p.id from person p where p.id in (d.person_id, m.subject_id))
        from message m left join device d on d.id = m.device_id
        where m.alarm_id is null and m.received_at < p_before
          and (p_things is null or m.id = any (p_things))
          and (p_after is null or (m.received_at, m.id) > (p_after, p_after_id))
        order by m.received_at, m.id limit p_most;
    elsif p_kind = 'notes' then
        return query
        select n.id, n.expires_at, '{}'::uuid[], array[n.person_id]
        from note n
        where n.expires_at < p_before and n.written_at < p_before
          and (p_things is null or n.id = any (p_things))
          and (p_after is null or (n.expires_at, n.id) > (p_after, p_after_id))
        order by n.expires_at, n.id limit p_most;
    else
        return query
        with alone as (
            select a.id, a.closed_at, array[a.id] as alarms,
                   case when a.person_id is null then '{}' else array[a.person_id] end as people
            from alarm a
            where a.state = 'closed' and a.closed_at < p_before and a.latest_at < p_before
              and (p_things is null or a.id = any (p_things))
              and (p_after is null or (a.closed_at, a.id) > (p_after, p_after_id))
              -- Not as one expression, of which the planner would believe that it lets hardly any through.
              and (p_kind = 'technical') = (a.class in ('technical', 'test'))
              and (p_kind = 'technical' or (p_kind = 'strangers') = (a.person_id is null))
              and not exists (select from alarm part where part.merged_into = a.id)
              and not exists (select from alarm_note n where n.alarm_id = a.id and n.written_at >= p_before)
            order by a.closed_at, a.id limit p_most
        ), several as (
            select a.id, a.closed_at, f.alarms, f.people
            from alarm a
            cross join lateral (
                with recursive member as (
                    select a.id, a.class, a.person_id, a.latest_at, a.closed_at
                    union all
                    select b.id, b.class, b.person_id, b.latest_at, b.closed_at
                    from member m join alarm b on b.merged_into = m.id
                )
                select array_agg(m.id order by m.id) as alarms,
                       coalesce(array_agg(distinct m.person_id) filter (where m.person_id is not null), '{}') as people,
                       bool_and(m.class in ('technical', 'test')) as technical,
                       max(greatest(m.latest_at, m.closed_at, (
                           select max(n.written_at) from alarm_note n where n.alarm_id = m.id))) as newest
                from member m
            ) f
            where a.state = 'closed' and a.closed_at < p_before
              and (p_things is null or a.id = any (p_things))
              and (p_after is null or (a.closed_at, a.id) > (p_after, p_after_id))
              and exists (select from alarm part where part.merged_into = a.id)
              and f.newest < p_before
              and p_kind = case when f.technical then 'technical'
                                when f.people = '{}' then 'strangers' else 'alarms' end
            order by a.closed_at, a.id limit p_most
        )
        select * from alone union all select * from several order by 2, 1 limit p_most;
    end if;
end $$;
revoke all on function find_removable from public;

create function is_held(p_people uuid[]) returns boolean
    language sql stable set search_path = vaka, pg_temp as $$
    select exists (select from legal_hold h where h.person_id = any (p_people))
$$;
revoke all on function is_held from public;

-- What a proposal would remove at a moment: by kind and, where birth days are exempt, by whom it is about.
create function preview_removal(p_id uuid, p_at timestamptz) returns table (
    kind text, people uuid[], held boolean, things bigint, alarms bigint, messages bigint, oldest timestamptz,
    newest timestamptz
)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.key, case when (r.value ->> 'exempt')::boolean then f.people end, is_held(f.people), count(*),
           sum(cardinality(f.alarms))::bigint, sum(m.count)::bigint, min(f.at), max(f.at)
    from removal_rules p
    cross join lateral jsonb_each(p.rules) r
    cross join lateral find_removable(
        r.key, p_at - make_interval(months => (r.value ->> 'months')::integer), null, null, null, null) f
    cross join lateral (
        select case when r.key = 'messages' then 1
                    else (select count(*) from message m where m.alarm_id = any (f.alarms)) end as count) m
    where p.id = p_id
    group by 1, 2, 3
$$;
revoke all on function preview_removal from public;

-- What the scheduler looks at by night, a page at a time.
create function list_removable(p_kind text, p_after timestamptz, p_after_id uuid, p_most integer)
    returns table (thing uuid, at timestamptz, people uuid[], held boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.thing, f.at, f.people, is_held(f.people)
    from removal_in_force(clock_timestamp()) r
    cross join lateral find_removable(
        p_kind, clock_timestamp() - make_interval(months => r.months), p_after, p_after_id, null,
        least(p_most, 1000)) f
    where r.kind = p_kind
$$;
revoke all on function list_removable from public;

-- Removes what is named, as far as a rule in force lets it go now, and says so in the ledger in the same transaction.
-- What somebody works with just now is left for another night: nobody waits for this.
create function remove_data(p_kind text, p_things uuid[])
    returns table (things integer, alarms integer, messages integer, notes integer)
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    rule record;
    before timestamptz;
    locked uuid[];
    gone uuid[];
begin
    select r.* into rule from removal_in_force(clock_timestamp()) r where r.kind = p_kind;
    if rule.kind is null or cardinality(p_things) > 1000 then
        raise exception 'no rule lets this be removed' using errcode = 'insufficient_privilege';
    end if;
    before := clock_timestamp() - make_interval(months => rule.months);
    things := 0; alarms := 0; messages := 0; notes := 0;
    -- Whoever places a hold just now is waited for, or waits until this is done: nothing goes once a hold is confirmed.
    lock table legal_hold in share mode;

    if p_kind = 'messages' then
        delete from message m where m.id = any (array(
            select f.thing from find_removable(p_kind, before, null, null, p_things, null) f
            where not is_held(f.people)));
        get diagnostics messages = row_count;
        things := messages;
    elsif p_kind = 'notes' then
        delete from note n where n.id = any (array(
            select f.thing from find_removable(p_kind, before, null, null, p_things, null) f
            where not is_held(f.people)));
        get diagnostics notes = row_count;
        things := notes;
    else
        -- Locked first and judged then: whoever opened one again or wrote a note a moment ago has been counted.
        locked := array(
            select a.id from alarm a
            where a.id = any (array(
                select unnest(f.alarms) from find_removable(p_kind, before, null, null, p_things, null) f))
            order by a.id for update skip locked);
        select coalesce(array_agg(f.thing), '{}'), coalesce(array_agg(member.id), '{}') into p_things, gone
        from find_removable(p_kind, before, null, null, p_things, null) f
        cross join lateral unnest(f.alarms) as member (id)
        where f.alarms <@ locked and not is_held(f.people);
        things := (select count(distinct t.id) from unnest(p_things) as t (id));
        delete from alarm_step s where s.alarm_id = any (gone);
        delete from alarm_note n where n.alarm_id = any (gone);
        get diagnostics notes = row_count;
        delete from message m where m.alarm_id = any (gone);
        get diagnostics messages = row_count;
        delete from alarm a where a.id = any (gone);
        get diagnostics alarms = row_count;
        insert into ledger.inbox (happened_at, event, actor, object, detail)
        select clock_timestamp(), 'alarm.removed', 'scheduler', 'alarm:' || g.id,
               jsonb_build_object('rules', rule.digest)
        from unnest(gone) as g (id);
    end if;

    if things > 0 then
        insert into ledger.inbox (happened_at, event, actor, object, detail, written_in)
        values (clock_timestamp(), 'data.removed', 'scheduler', 'removal:' || rule.rules_id, jsonb_build_object(
            'kind', p_kind, 'alarms', alarms, 'messages', messages, 'notes', notes,
            'older_than', to_char(before at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), 'rules', rule.digest),
            pg_current_xact_id());
    end if;
    return next;
end $$;
revoke all on function remove_data from public;
