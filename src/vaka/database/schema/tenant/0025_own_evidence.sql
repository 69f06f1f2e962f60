-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the collectors of evidence ask in an authority's own database. As in the platform's, each tells what is wrong, of no
-- person: (reason, things), the worst first, and no row where nothing is. They look at rows and at the log, and trust no
-- constraint to have held.

set role vaka_ledger;

-- Term 25: the authority has not decided how long its log is kept (missing), or entries are there that should have gone
-- (late). What should have gone is judged as announce_pruning judges it, by a clock that is three days behind: it looks
-- every twenty hours, in whole bundles, and what it announced is sealed and published first.
create function ledger.find_unpruned(p_at timestamptz) returns table (reason text, things bigint)
    language plpgsql stable security definer set search_path = ledger, pg_temp as $$
declare
    seen constant timestamptz := p_at - interval '72 hours';
    days integer;
    basis bigint;
begin
    if not exists (
        select from log_entry e, lateral (select convert_from(e.leaf, 'UTF8')::jsonb as said) as leaf
        where position('},"event":"retention.set","id":'::bytea in e.leaf) > 0
          and said ->> 'event' = 'retention.set' and said ->> 'written_by' ~ '_portal$')
    then
        return query select 'missing', 1::bigint;
        return;
    end if;
    days := (select r.days from retention_at(seen, (select h.size from head h)) r);
    basis := (
        select c.size from checkpoint c
        where c.signed_at <= seen - make_interval(hours => 24 * days + 1)
          and regexp_count(convert_from(c.note, 'UTF8'), '^— ', 1, 'n') >= (
              select max(regexp_count(convert_from(l.note, 'UTF8'), '^— ', 1, 'n')) from checkpoint l
              where l.signed_at > (select max(signed_at) from checkpoint) - interval '1 day')
        order by c.size desc limit 1);
    return query
    select 'late', count(*)
    from log_entry e
    where e.index < (basis - 1) / 256 * 256 and position('},"event":"retention.set","id":'::bytea in e.leaf) = 0
    having count(*) > 0;
end $$;
revoke all on function ledger.find_unpruned from public;

-- The checkpoints that were signed since a moment, the newest first: who has cosigned them is for the caller to verify.
create function ledger.recent_checkpoints(p_since timestamptz, p_most integer) returns table (note bytea)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select c.note from checkpoint c where c.signed_at >= p_since order by c.size desc limit least(p_most, 1000)
$$;
revoke all on function ledger.recent_checkpoints from public;

-- Orders of erasure that the log knows as approved, and as neither cancelled, by a person or by a hold, nor certified; since
-- when. What an order's row says of that, whoever owns the database can write there.
create function ledger.erasures_decided() returns table (order_id uuid, at timestamptz)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select i.object, i.event, l.leaf ->> 'written_by' as written_by, (l.leaf ->> 'written_at')::timestamptz as at,
               l.leaf -> 'detail' as detail
        from entry_index i
        join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) l
        where i.event in ('erasure.decided', 'erasure.begun', 'erasure.certified')
          and l.leaf ->> 'event' = i.event and l.leaf ->> 'object' = i.object
        union all
        select w.object, w.event, w.written_by, w.written_at, w.detail
        from inbox w where w.event in ('erasure.decided', 'erasure.begun', 'erasure.certified')
    )
    select substring(a.object from '^erasure:([0-9a-f-]{36})$')::uuid, min(a.at)
    from said a
    where a.event = 'erasure.decided' and a.detail ->> 'verdict' = 'approved' and a.written_by ~ '_portal$'
      and a.object ~ '^erasure:[0-9a-f-]{36}$' and not exists (
        select from said z
        where z.object = a.object
          and ((z.event = 'erasure.decided' and z.detail ->> 'verdict' = 'cancelled' and z.written_by ~ '_portal$')
               or (z.event = 'erasure.begun' and z.detail ->> 'hindrance' = 'legal_hold' and z.written_by ~ '_scheduler$')
               or (z.event = 'erasure.certified' and z.written_by ~ '_scheduler$')))
    group by a.object
$$;
revoke all on function ledger.erasures_decided from public;

set role vaka_owner;

-- Term 6: orders that were approved, by their rows or by the log, and are not certified so long after (the end of a contract,
-- after its waiting time), whatever hinders them; and what could be read after it was erased, at once.
create function find_late_erasures(p_within interval, p_at timestamptz) returns table (reason text, things bigint)
    language plpgsql stable security definer set search_path = vaka, pg_temp as $$
begin
    return query
    with under_way as (
        select o.hindrance, o.decided_at as due from erasure_order o where o.state in ('approved', 'removed', 'erased')
        union all
        select '', d.at from ledger.erasures_decided() d
        where not exists (
            select from erasure_order o where o.id = d.order_id and o.state in ('approved', 'removed', 'erased'))
        union all
        select e.hindrance, ending_due(e) from authority_ending e
        where e.state in ('approved', 'released', 'removed', 'erased')
    ), judged as (
        select case when u.hindrance = 'readable' then 'readable' when u.due + p_within <= p_at then 'late' end as reason
        from under_way u
    )
    select j.reason, count(*) from judged j where j.reason is not null group by j.reason order by j.reason = 'readable' desc;
end $$;
revoke all on function find_late_erasures from public;

-- Term 6: who was erased and is here again, by the orders, or by what a restored backup kept from going that has no order.
create function find_returned_erasures(p_at timestamptz) returns table (reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select 'returned', count(*)
    from (select r.subject_id from returned r
          union
          select o.person_id from erasure_order o
          where o.state in ('erased', 'certified')
            and (exists (select from person p where p.id = o.person_id)
                 or exists (select from alarm a where a.person_id = o.person_id))) back
    having count(*) > 0
$$;
revoke all on function find_returned_erasures from public;

-- Term 16: rules that stand as approved though the log does not know them so (altered: they ask for nothing, and what was
-- decided in their place is not in force either), rules in force below the floor, or none that the authority has set.
create function find_unset_activation(p_at timestamptz) returns table (reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with approved as (select l.since from list_activation() l where l.approved_at is not null)
    select w.reason, w.things
    from (select 1 as place, 'altered' as reason, count(*) as things from approved a where a.since is null having count(*) > 0
          union all
          select 2, 'below', 1 where weakens_activation(activation_in_force(), activation_floor())
          union all
          select 3, 'missing', 1 where not exists (select from approved a where a.since is not null)) w
    order by w.place
$$;
revoke all on function find_unset_activation from public;

reset role;
