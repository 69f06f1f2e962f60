-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- While an administrator has not taken a mandatory course, his role rests (term 5): the grant stays, and what it allows
-- does not, but for what mends it (access/decide.py). Whoever answers alarms is never asked here.

-- When this began to hold: nobody is late for what nobody asked of him before.
create table training_lock (
    only_one boolean primary key default true check (only_one),
    since    timestamptz not null
);
insert into training_lock (since) values (now());
create trigger only_migrated before insert or update or delete or truncate on training_lock
    for each statement execute function refuse_other_pairs();

-- Whose role was found to rest, and that it was told of. It decides nothing: that is computed anew each time.
create table role_suspension (
    account_id uuid primary key references account,
    since      timestamptz not null
);
create constraint trigger entered after insert or update or delete on role_suspension deferrable initially deferred
    for each row execute function enter_change_by_hand('account_id');
create trigger emptying_entered after truncate on role_suspension for each statement
    execute function enter_change_by_hand('account_id');

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('role.suspended', 'holders'), ('role.restored', 'holders');
alter table notice_event enable trigger only_migrated;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('role_suspension', 'insert', 'role.suspended', 'object', 'account'),
    ('role_suspension', 'delete', 'role.restored', 'object', 'account');
insert into ledger.concern (event, whose) values ('role.suspended', 'object'), ('role.restored', 'object');

set role vaka_owner;

-- The mandatory course that an administrator has to take next, what it is called, and from when on his role rests if he has
-- not: thirty days after it is due. It is due when the version in force came in force, when his account was made, or when
-- what he took last has held for as long as it does, whatever is latest. Nobody where no course is mandatory.
create function training_due(p_account uuid, p_at timestamptz) returns table (title text, rests_from timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with mine as materialized (
        select m.id::text as id, a.created_at
        from account a join account m on m.human = a.human where a.id = p_account and a.kind = 'administrator'
    ), due as materialized (
        select c.entry, c.number, c.fields ->> 'title' as title, greatest(
            (select l.since from training_lock l), (select max(m.created_at) from mine m),
            (select min(v.made_at) from register_version v
             where v.entry = c.entry and v.content = c.content and v.state = 'in_force'),
            (select t.day + make_interval(months => (c.fields ->> 'months')::integer)
             from (select t.entry, t.number, (t.fields ->> 'taken')::date as day
                   from mine m join register_version t on t.fields ->> 'person' = m.id and t.register = 'completions'
                   where t.state = 'noted' and t.fields ->> 'course' = c.entry::text
                     and (t.fields ->> 'edition')::integer = c.content and (t.fields ->> 'taken')::date <= p_at::date
                   order by day desc offset 0) t
             -- What the log says is asked last, of few.
             where is_newest(t.entry, t.number) and stands_as_written(t.entry, t.number) limit 1)) as at
        from register_version c
        where c.register = 'courses' and c.state = 'in_force' and is_newest(c.entry, c.number)
          and exists (select from mine)
    )
    select d.title, d.at + interval '30 days'
    from due d
    where stands_as_written(d.entry, d.number)
    order by d.at, d.entry
    limit 1
$$;
revoke all on function training_due from public;

-- Tells, as scheduler, whose role has begun to rest and whose is back; returns how many.
create function settle_training(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one record;
    resting constant text := 'administrator';
    count bigint := 0;
begin
    for one in
        select a.id, exists (select from role_suspension s where s.account_id = a.id) as told,
               a.state = 'active' and coalesce(
                   (select d.rests_from <= p_at from training_due(a.id, p_at) d), false) as rests
        from account a where a.kind = 'administrator' order by a.id
    loop
        continue when one.told = one.rests;
        perform ledger.append(
            p_at, case when one.rests then 'role.suspended' else 'role.restored' end, 'scheduler', 'account:' || one.id,
            'success', jsonb_build_object('role', resting, 'authority', null));
        if one.rests then
            insert into role_suspension (account_id, since) values (one.id, p_at);
        else
            delete from role_suspension s where s.account_id = one.id;
        end if;
        count := count + 1;
    end loop;
    return count;
end $$;
revoke all on function settle_training from public;

set role vaka_ledger;

-- Whether the log says that an account accepted, in the office, what one of these digests stands for.
create function ledger.is_register_accepted(p_entry uuid, p_account uuid, p_digests bytea[]) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with sealed as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = 'register_entry:' || p_entry and i.event = 'register.acknowledged'
    ), said as (
        select leaf ->> 'actor' as actor, leaf ->> 'outcome' as outcome, leaf ->> 'written_by' as written_by,
               leaf -> 'detail' ->> 'digest' as digest
        from sealed
        union all
        select i.actor, i.outcome, i.written_by, i.detail ->> 'digest'
        from inbox i
        where i.object = 'register_entry:' || p_entry and i.event = 'register.acknowledged'
    )
    select exists (
        select from said
        where outcome = 'success' and written_by ~ '_office$' and actor = 'account:' || p_account
          and decode(digest, 'hex') = any (p_digests))
$$;
revoke all on function ledger.is_register_accepted from public;

set role vaka_owner;

-- The policy of remote work in force that an account has not accepted as it is written now (term 3): none, or the one that
-- came in force first. Going through it without a change keeps what was accepted; a new text asks again.
create function policy_to_accept(p_account uuid) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.entry
    from register_version h
    where h.register = 'documents' and h.state = 'in_force' and h.fields ->> 'purpose' = 'remote-policy'
      and is_newest(h.entry, h.number) and not (
        exists (select from register_acknowledgement k
                where k.account_id = p_account and k.entry = h.entry and k.content = h.content)
        and ledger.is_register_accepted(
            h.entry, p_account,
            (select array_agg(v.digest) from register_version v where v.entry = h.entry and v.content = h.content)))
    order by h.made_at, h.entry
    limit 1
$$;
revoke all on function policy_to_accept from public;
