-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- How long entries are kept, and their removal. The authority decides, in its log; the hash tiles are never touched.
--
-- The same rules stand in vaka.ledger.retention, by which the authority's verifier judges what was removed here. What
-- is kept beside an entry, outside its leaf, goes in the same statement as the leaf.

set role vaka_ledger;

-- The few entries that removal rests on. A leaf has one spelling, in which the event stands between the brace that ends
-- the detail and the number. The detail is flat and its texts escape quotation marks: nothing in it reads like this.
create index retention_entry on ledger.log_entry (index)
    where position('},"event":"retention.set","id":'::bytea in leaf) > 0;
create index pruned_entry on ledger.log_entry (index)
    where position('},"event":"ledger.pruned","id":'::bytea in leaf) > 0;

-- The authority's component alone may call this: from 400 days, so that a year can be gone through when it has passed,
-- to a hundred years.
create function ledger.set_retention(
    p_happened_at timestamptz, p_actor text, p_object text, p_days integer, p_reason text
) returns bigint
    language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    entered bigint;
begin
    if p_days is null or p_days not between 400 and 36500 or coalesce(p_reason, '') !~ '\S' or length(p_reason) > 200
    then
        raise exception 'retention is 400 to 36500 days, with a reason' using errcode = 'check_violation';
    end if;
    insert into inbox (happened_at, event, actor, object, detail)
    values (p_happened_at, 'retention.set', p_actor, p_object,
            jsonb_build_object('days', p_days, 'reason', p_reason))
    returning id into entered;
    return entered;
end $$;
revoke all on function ledger.set_retention from public;

-- What is in force for an entry of the log that is written at p_at: the longest of all that was in force at any moment
-- of the 30 days before. So a shorter time waits for 30 days in which everybody can see it coming, a longer one holds
-- at once. No row where nothing was decided yet, or the first decision is younger than that: then nothing goes.
create function ledger.retention_at(p_at timestamptz, p_before bigint) returns table (policy bigint, days integer)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with decided as (
        select e.index, (said ->> 'written_at')::timestamptz as at, (said -> 'detail' ->> 'days')::integer as days
        from log_entry e, lateral (select convert_from(e.leaf, 'UTF8')::jsonb as said) as leaf
        where position('},"event":"retention.set","id":'::bytea in e.leaf) > 0 and e.index < p_before
          and said ->> 'event' = 'retention.set' and said ->> 'written_by' ~ '_portal$'
    ), settled as (
        select max(d.index) as index from decided d where d.at <= p_at - interval '720 hours'
    )
    select d.index, d.days from decided d, settled s where d.index >= s.index order by d.days desc, d.index limit 1
$$;
revoke all on function ledger.retention_at from public;

-- Says in the log what will be removed, and removes nothing: all entries that the log had when a checkpoint was signed
-- so long ago, in whole bundles of 256. That checkpoint's signatures show the age of what was removed, so as many
-- witnesses must have signed it as sign today: where one was added, removal waits until that one has seen what goes.
-- Returns the entry's number in the inbox; null where nothing is old enough, or less than 20 hours have passed since the
-- last time.
create function ledger.announce_pruning(p_object text) returns bigint
    language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    rule record;
    newest timestamptz;
    basis bigint;
    first bigint;
    ends bigint;
    entered bigint;
begin
    select r.policy, r.days into rule from retention_at(clock_timestamp(), (select h.size from head h)) r;
    select coalesce((said -> 'detail' ->> 'last')::bigint + 1, 0) into first
    from log_entry e, lateral (select convert_from(e.leaf, 'UTF8')::jsonb as said) as leaf
    where position('},"event":"ledger.pruned","id":'::bytea in e.leaf) > 0 order by e.index desc limit 1;
    first := coalesce(first, 0);
    if rule.policy is null or exists (select from inbox i where i.event in ('ledger.pruned', 'retention.set'))
       or exists (
        select from log_entry e
        where position('},"event":"ledger.pruned","id":'::bytea in e.leaf) > 0
          and (convert_from(e.leaf, 'UTF8')::jsonb ->> 'written_at')::timestamptz
              > clock_timestamp() - interval '20 hours')
    then
        return null;
    end if;
    -- An hour more than was decided: clocks differ.
    select max(c.signed_at) into newest from checkpoint c
    where c.signed_at <= clock_timestamp() - make_interval(hours => 24 * rule.days + 1);
    select c.size into basis from checkpoint c
    where c.signed_at between newest - interval '1 day' and newest
      and regexp_count(convert_from(c.note, 'UTF8'), '^— ', 1, 'n') >= (
          select max(regexp_count(convert_from(l.note, 'UTF8'), '^— ', 1, 'n')) from checkpoint l
          where l.signed_at > (select max(signed_at) from checkpoint) - interval '1 day')
    order by c.size desc limit 1;
    -- The entry after the last that goes was sealed by then too: its time says how old they are at least.
    ends := (basis - 1) / 256 * 256;
    if basis is null or ends <= first then
        return null;
    end if;
    insert into inbox (happened_at, event, actor, object, detail)
    values (clock_timestamp(), 'ledger.pruned', 'sequencer', p_object, jsonb_build_object(
        'first', first, 'last', ends - 1, 'count', ends - first - (
            select count(*) from log_entry e
            where position('},"event":"retention.set","id":'::bytea in e.leaf) > 0
              and e.index >= first and e.index < ends),
        'days', rule.days, 'policy', rule.policy, 'checkpoint', basis, 'reason', 'retention'))
    returning id into entered;
    return entered;
end $$;
revoke all on function ledger.announce_pruning from public;

-- Removes what the newest such entry that is sealed, signed and published says, at most so many entries at a time, and
-- returns how many went. It looks at everything again: an entry that somebody has put there removes nothing. What the
-- authority decided stays for ever, because the verifier asks for it.
create function ledger.prune(most integer) returns bigint
    language plpgsql security definer set search_path = ledger, pg_temp as $$
declare
    said jsonb;
    place bigint;
    ends bigint;
    removed bigint;
begin
    select e.index, convert_from(e.leaf, 'UTF8')::jsonb into place, said
    from log_entry e
    where position('},"event":"ledger.pruned","id":'::bytea in e.leaf) > 0
      and e.index < (select max(c.size) from checkpoint c)
    order by e.index desc limit 1;
    if place is null then
        return 0;
    end if;
    ends := (said -> 'detail' ->> 'last')::bigint + 1;
    if ends is null or ends > place or said ->> 'event' <> 'ledger.pruned' or said ->> 'written_by' <> session_user
       or not exists (
        select from retention_at((said ->> 'written_at')::timestamptz, place) r, checkpoint c
        where r.policy = (said -> 'detail' ->> 'policy')::bigint and r.days = (said -> 'detail' ->> 'days')::integer
          and c.size = (said -> 'detail' ->> 'checkpoint')::bigint and c.size > ends
          and c.signed_at <= (said ->> 'written_at')::timestamptz - make_interval(hours => 24 * r.days))
    then
        raise exception 'this entry lets nothing be removed' using errcode = 'insufficient_privilege';
    end if;
    delete from log_entry where index = any (array(
        select e.index from log_entry e
        where e.index < ends and position('},"event":"retention.set","id":'::bytea in e.leaf) = 0
        order by e.index limit most));
    get diagnostics removed = row_count;
    return removed;
end $$;
revoke all on function ledger.prune from public;

reset role;
