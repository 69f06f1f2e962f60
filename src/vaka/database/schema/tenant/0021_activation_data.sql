-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the authority asks of codes and passwords (term 16), and what is remembered of those its devices have.
--
-- What decides is the log: rules are in force from the entry that approves them, written by the authority's own component.
-- A row that somebody put here, or changed, asks for nothing. Rules that let more through than those before need a second
-- account; others need one.

-- The least there is, by kind. Also in vaka.crypto.activation.
create function activation_floor() returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb '{"device_secret": {"length": 12, "kinds": 1, "lifetime": null, "reuse": 0},
                   "invitation_code": {"length": 26, "kinds": 1, "lifetime": 24, "reuse": 0}}'
$$;
revoke all on function activation_floor from public;

create function activation_most() returns jsonb
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select jsonb '{"device_secret": {"length": 64, "kinds": 4, "lifetime": 3660, "reuse": 24},
                   "invitation_code": {"length": 52, "kinds": 1, "lifetime": 24, "reuse": 0}}'
$$;
revoke all on function activation_most from public;

-- Whether rules let something through that others do not.
create function weakens_activation(rules jsonb, before jsonb) returns boolean
    language sql immutable set search_path = pg_catalog, pg_temp as $$
    select coalesce(bool_or(
        n.value is null
        or (n.value ->> 'length')::integer < (b.value ->> 'length')::integer
        or (n.value ->> 'kinds')::integer < (b.value ->> 'kinds')::integer
        or (n.value ->> 'reuse')::integer < (b.value ->> 'reuse')::integer
        or (b.value ->> 'lifetime' is not null
            and coalesce((n.value ->> 'lifetime')::integer > (b.value ->> 'lifetime')::integer, true))), false)
    from jsonb_each(before) b left join jsonb_each(rules) n on n.key = b.key
$$;
revoke all on function weakens_activation from public;

create function sound_activation(rules jsonb) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select jsonb_typeof(rules) = 'object' and rules - array(select jsonb_object_keys(activation_floor())) = '{}'
       and not exists (
        select from jsonb_each(activation_floor()) f left join jsonb_each(rules) r on r.key = f.key
                    join jsonb_each(activation_most()) m on m.key = f.key
        where not coalesce(
            jsonb_typeof(r.value) = 'object' and r.value - '{length,kinds,lifetime,reuse}'::text[] = '{}'
            and r.value ->> 'length' ~ '^[0-9]{1,3}$' and r.value ->> 'kinds' ~ '^[0-9]$'
            and r.value ->> 'reuse' ~ '^[0-9]{1,2}$' and coalesce(r.value ->> 'lifetime', '1') ~ '^[1-9][0-9]{0,3}$'
            and r.value ? 'lifetime'
            and (r.value ->> 'length')::integer <= (m.value ->> 'length')::integer
            and (r.value ->> 'kinds')::integer <= (m.value ->> 'kinds')::integer
            and (r.value ->> 'reuse')::integer <= (m.value ->> 'reuse')::integer
            and coalesce((r.value ->> 'lifetime')::integer, 1) <= (m.value ->> 'lifetime')::integer, false))
       and not weakens_activation(rules, activation_floor())
$$;
revoke all on function sound_activation from public;

create table activation_rules (
    id           uuid primary key,
    rules        jsonb       not null check (sound_activation(rules)),
    reason       text        not null check (reason ~ '\S' and length(reason) <= 200),
    proposed_at  timestamptz not null,
    proposed_by  text        not null check (proposed_by like 'account:%'),
    approved_at  timestamptz,
    approved_by  text        check (approved_by like 'account:%'),
    withdrawn_at timestamptz,
    withdrawn_by text        check (withdrawn_by like 'account:%'),
    check ((approved_at is null) = (approved_by is null)),
    check ((withdrawn_at is null) = (withdrawn_by is null)),
    check (approved_at is null or withdrawn_at is null)
);
create unique index activation_proposed on activation_rules ((true)) where approved_at is null and withdrawn_at is null;

-- What an approval is bound to: these rules, exactly as they were shown.
create function activation_digest(id uuid, rules jsonb) returns text
    language sql stable set search_path = pg_catalog, pg_temp as $$
    select encode(sha256(convert_to('activation ' || id::text || ' ' || rules::text, 'UTF8')), 'hex')
$$;
revoke all on function activation_digest from public;

-- Every secret a device got, newest last: how long it was, of how many kinds of characters, and what stands for it
-- (HMAC-SHA256 under the key of the device identities, which no database holds), so that it does not come back. The
-- secret itself is nowhere, and what a device proves itself by is in the platform's directory.
create table device_secret (
    device_id   uuid        not null references device on delete cascade,
    set_at      timestamptz not null,
    length      smallint    not null check (length between 1 and 128),
    kinds       smallint    not null check (kinds between 1 and 4),
    fingerprint bytea       not null check (octet_length(fingerprint) = 32),
    primary key (device_id, set_at)
);

create constraint trigger entered after insert or update or delete on activation_rules deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on activation_rules
    for each statement execute function enter_change_by_hand('id');
create constraint trigger entered after insert or update or delete on device_secret deferrable initially deferred
    for each row execute function enter_change_by_hand('device_id');
create trigger emptying_entered after truncate on device_secret
    for each statement execute function enter_change_by_hand('device_id');

reset role;
set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('activation_rules', 'insert', 'activation.proposed', 'object', 'activation'),
    ('activation_rules', 'update', 'activation.approved', 'object', 'activation'),
    ('activation_rules', 'update', 'activation.withdrawn', 'object', 'activation'),
    ('device_secret', 'insert', 'device.registered', 'object', 'device'),
    ('device_secret', 'insert', 'device.changed', 'object', 'device'),
    ('device_secret', 'delete', 'ending.removed', 'nothing', '');

alter table ledger.inbox add constraint activation_rules_are_the_authoritys check (
    event not in ('activation.proposed', 'activation.approved', 'activation.withdrawn') or written_by ~ '_portal$');

-- Since when the log, sealed or waiting, knows rules as approved: by two accounts, or by one where they let nothing more
-- through than those before; null where it does not. Entries as old as the authority keeps none are gone from the log:
-- then what the row itself says of that time is believed.
create function ledger.activation_approved_at(
    p_object text, p_digest text, p_proposed_at timestamptz, p_approved_at timestamptz
) returns timestamptz
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with sealed as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = p_object and i.event in ('activation.proposed', 'activation.approved')
    ), said as (
        select leaf ->> 'event' as event, leaf ->> 'actor' as actor, leaf ->> 'object' as object,
               leaf ->> 'outcome' as outcome, leaf ->> 'written_by' as written_by,
               (leaf ->> 'written_at')::timestamptz as at, leaf -> 'detail' as detail
        from sealed
        union all
        select i.event, i.actor, i.object, i.outcome, i.written_by, i.written_at, i.detail
        from inbox i where i.object = p_object and i.event in ('activation.proposed', 'activation.approved')
    ), telling as (
        select event, actor, at, detail ->> 'weakens' as weakens
        from said
        where object = p_object and outcome = 'success' and written_by ~ '_portal$' and actor ~ '^account:'
          and detail ->> 'rules' = p_digest
    ), oldest as (
        select (convert_from(e.leaf, 'UTF8')::jsonb ->> 'written_at')::timestamptz as at from log_entry e
        where e.index > (
            select (convert_from(p.leaf, 'UTF8')::jsonb -> 'detail' ->> 'last')::bigint from log_entry p
            where position('},"event":"ledger.pruned","id":'::bytea in p.leaf) > 0 order by p.index desc limit 1)
        order by e.index limit 1
    )
    select coalesce(
        (select min(a.at) from telling a
         where a.event = 'activation.approved'
           and (p_proposed_at < (select o.at from oldest o)
                or exists (select from telling p where p.event = 'activation.proposed'
                           and (p.actor <> a.actor or a.weakens = 'false')))),
        (select p_approved_at from oldest o where p_approved_at < o.at))
$$;
revoke all on function ledger.activation_approved_at from public;

reset role;
set role vaka_owner;

-- Every set of rules, and since when the log knows it as approved.
create function list_activation() returns table (
    id uuid, rules jsonb, digest text, reason text, proposed_at timestamptz, proposed_by text, approved_at timestamptz,
    approved_by text, withdrawn_at timestamptz, withdrawn_by text, since timestamptz
)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    return query
    select r.id, r.rules, d.digest, r.reason, r.proposed_at, r.proposed_by, r.approved_at, r.approved_by,
           r.withdrawn_at, r.withdrawn_by,
           case when r.approved_at is not null then
               ledger.activation_approved_at('activation:' || r.id, d.digest, r.proposed_at, r.approved_at) end
    from activation_rules r cross join lateral (select activation_digest(r.id, r.rules) as digest) d
    order by r.proposed_at desc, r.id;
end $$;
revoke all on function list_activation from public;

-- What is asked: the newest rules that the log knows, and the floor where it knows none.
create function activation_in_force() returns jsonb
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select coalesce((select l.rules from list_activation() l where l.since is not null
                     order by l.since desc, l.id desc limit 1), activation_floor())
$$;
revoke all on function activation_in_force from public;

-- Called by the authority's component alone; the entry is written by whoever calls, in the same transaction.
create function propose_activation(p_id uuid, p_rules jsonb, p_reason text, p_at timestamptz, p_actor text) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    insert into activation_rules (id, rules, reason, proposed_at, proposed_by)
    values (p_id, p_rules, p_reason, p_at, p_actor);
    return activation_digest(p_id, p_rules);
end $$;
revoke all on function propose_activation from public;

-- Says what came of it: 'approved' or 'weakened', or why not. Whoever proposed may approve alone what lets nothing more
-- through than what is in force.
create function approve_activation(p_id uuid, p_digest text, p_alone boolean, p_at timestamptz, p_actor text) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    proposal activation_rules;
    weaker boolean;
begin
    select r.* into proposal from activation_rules r
    where r.id = p_id and r.approved_at is null and r.withdrawn_at is null for update;
    if proposal.id is null then
        return 'gone';
    elsif activation_digest(proposal.id, proposal.rules) <> p_digest then
        return 'changed';
    end if;
    weaker := weakens_activation(proposal.rules, activation_in_force());
    if weaker and (p_alone or proposal.proposed_by = p_actor) then
        return 'own';
    end if;
    update activation_rules set approved_at = p_at, approved_by = p_actor where id = p_id;
    return case when weaker then 'weakened' else 'approved' end;
end $$;
revoke all on function approve_activation from public;

create function withdraw_activation(p_id uuid, p_at timestamptz, p_actor text) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update activation_rules set withdrawn_at = p_at, withdrawn_by = p_actor
    where id = p_id and approved_at is null and withdrawn_at is null;
    return found;
end $$;
revoke all on function withdraw_activation from public;

-- As before (0016), with what the authority decided about codes and passwords. A page of a kind: up to so many rows after a key, in the order of their keys. What holds many rows is read in pages; the
-- authority's own lists are short and come whole.
create or replace function read_export(p_export uuid, p_kind text, p_after text, p_most integer)
    returns table (key text, row_read jsonb)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
#variable_conflict use_column
declare
    nobody constant uuid := '00000000-0000-0000-0000-000000000000';
begin
    if not exists (select from authority_export e
                   where e.id = p_export and e.completed_at is null
                     and e.begun_at between clock_timestamp() - interval '12 hours' and clock_timestamp())
    then
        raise exception 'no export is under way' using errcode = 'no_data_found';
    elsif p_kind in ('message', 'alarm_note', 'alarm', 'device', 'note', 'person') then
        return query execute format(
            'select t.id::text, to_jsonb(t) from %I t where t.id > $1 order by t.id limit $2', p_kind)
            using coalesce(p_after::uuid, nobody), p_most;
    elsif p_kind = 'alarm_step' then
        return query select t.id::text, to_jsonb(t) from alarm_step t
            where t.id > coalesce(p_after::bigint, 0) order by t.id limit p_most;
    elsif p_kind = 'device_state' then
        return query select t.device_id::text, to_jsonb(t) from device_state t
            where t.device_id > coalesce(p_after::uuid, nobody) order by t.device_id limit p_most;
    elsif p_kind = 'contact' then
        return query select t.person_id || '/' || t.position, to_jsonb(t) from contact t
            where (t.person_id, t.position) > (coalesce(split_part(p_after, '/', 1)::uuid, nobody),
                                               coalesce(split_part(p_after, '/', 2)::smallint, 0))
            order by t.person_id, t.position limit p_most;
    elsif p_kind in ('unit', 'unit_hours', 'policy', 'closing_code', 'removal_rules', 'activation_rules', 'legal_hold',
                    'erasure_order') then
        if p_after is null then
            return query execute format('select (row_number() over ())::text, to_jsonb(t) from %I t', p_kind);
        end if;
    else
        raise exception 'there is no such kind' using errcode = 'invalid_parameter_value';
    end if;
end $$;
revoke all on function read_export from public;

reset role;
