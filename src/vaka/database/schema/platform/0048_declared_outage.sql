-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An outage of an issuer that answers and lets nobody in: a shift leader and an administrator declare it together (term 15).

create table declared_outage (
    id          uuid primary key,
    -- The very entry of the registry; one that is approved in its place is another, and is declared anew.
    trust_id    uuid not null references trusted_issuer,
    hours       integer not null check (hours between 1 and 8),
    reason      text not null check (length(reason) between 1 and 500),
    proposed_by uuid not null references account,
    proposed_at timestamptz not null,
    approved_by uuid references account,
    approved_at timestamptz,
    ended_by    uuid references account,
    ended_at    timestamptz,
    check ((approved_by is null) = (approved_at is null)),
    check ((ended_by is null) = (ended_at is null))
);
create index declared_outage_by_time on declared_outage (proposed_at);

create constraint trigger entered after insert or update or delete on declared_outage deferrable initially deferred
    for each row execute function enter_change_by_hand('id');
create trigger emptying_entered after truncate on declared_outage for each statement
    execute function enter_change_by_hand('id');

-- A row that somebody put there is a way in that was tried.
alter table notice_register disable trigger only_migrated;
insert into notice_register values ('declared_outage');
alter table notice_register enable trigger only_migrated;
alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('outage.declared', 'outage'), ('outage.ended', 'outage');
alter table notice_event enable trigger only_migrated;

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('declared_outage', 'insert', 'outage.proposed', 'object', 'outage'),
    ('declared_outage', 'update', 'outage.declared', 'object', 'outage'),
    ('declared_outage', 'update', 'outage.ended', 'object', 'outage');
insert into ledger.concern (event, whose) values
    ('outage.proposed', 'everybody'), ('outage.declared', 'everybody'), ('outage.ended', 'everybody');

-- When the log, sealed and signed, says that this very outage was declared: proposed by one account and declared by the
-- other, within the hour, one of them at the desk and the other in the office. Null where it does not. That it was ended
-- counts at once, also while that waits to be sealed, whoever wrote it.
create function ledger.outage_told(p_id uuid, p_digest text, p_proposed_by uuid, p_approved_by uuid) returns timestamptz
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with sealed as (
        select convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.object = 'outage:' || p_id and i.event in ('outage.proposed', 'outage.declared', 'outage.ended')
          and e.index < (select max(c.size) from checkpoint c)
    ), said as (
        -- Whoever says that it happens later than it is written does not prolong it by that.
        select leaf ->> 'event' as event, leaf ->> 'actor' as actor, leaf ->> 'written_by' as login,
               least((leaf ->> 'at')::timestamptz, (leaf ->> 'written_at')::timestamptz) as at
        from sealed
        where leaf ->> 'outcome' = 'success' and leaf -> 'detail' ->> 'sha256' = p_digest
    )
    select min(d.at)
    from said p join said d on d.at <= p.at + interval '1 hour'
    where p.event = 'outage.proposed' and p.actor = 'account:' || p_proposed_by
      and d.event = 'outage.declared' and d.actor = 'account:' || p_approved_by
      and (p.login, d.login) in (('vaka_desk', 'vaka_office'), ('vaka_office', 'vaka_desk'))
      and not exists (select from sealed where leaf ->> 'event' = 'outage.ended')
      and not exists (select from inbox i where i.event = 'outage.ended' and i.object = 'outage:' || p_id)
$$;
revoke all on function ledger.outage_told from public;
-- All rights stand in grants.sql, which comes after.
grant execute on function ledger.outage_told to vaka_owner;

set role vaka_owner;

-- What is declared, and later what an entry is of: which outage, of which issuer, for how long, and why.
create function outage_digest(p_id uuid, p_trust uuid, p_hours integer, p_reason text) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(
        concat_ws(chr(10), 'vaka outage v1', p_id, p_trust, p_hours, p_reason), 'UTF8')), 'hex')
$$;
revoke all on function outage_digest from public;

-- What is known of outages, the newest first. Until when one holds is what the log and the accounts say as they are now: two
-- humans, one with a user's account and one with an administrator's. Null is: it does not hold.
create function list_outages(p_since timestamptz)
    returns table (id uuid, trust_id uuid, hours integer, reason text, proposed_by uuid, proposed_at timestamptz,
                   approved_by uuid, approved_at timestamptz, ended_by uuid, ended_at timestamptz, digest text,
                   holds_until timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select o.id, o.trust_id, o.hours, o.reason, o.proposed_by, o.proposed_at, o.approved_by, o.approved_at, o.ended_by,
           o.ended_at, d.digest,
           case when o.ended_at is null and not share_a_human(p.id, o.proposed_at, a.id, o.approved_at)
                     and (p.kind, a.kind) in (('user', 'administrator'), ('administrator', 'user'))
                then ledger.outage_told(o.id, d.digest, o.proposed_by, o.approved_by) + make_interval(hours => o.hours)
           end
    from declared_outage o
    cross join lateral (select outage_digest(o.id, o.trust_id, o.hours, o.reason) as digest) d
    left join account p on p.id = o.proposed_by
    left join account a on a.id = o.approved_by
    where o.proposed_at > p_since
    order by o.proposed_at desc, o.id desc
    limit 50
$$;
revoke all on function list_outages from public;

-- For which of the two sides an account speaks, in the process that asks; null for neither.
create function outage_side(p_account uuid, p_at timestamptz) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when session_user = 'vaka_office' and acts_as_administrator(p_account, p_at) then 'office'
        when session_user = 'vaka_desk' and exists (
            select from account a join effective_grant g on g.account_id = a.id
            where a.id = p_account and a.kind = 'user' and a.state = 'active' and g.role = 'shift_leader'
              and (g.valid_until is null or g.valid_until > p_at)) then 'desk'
    end
$$;
revoke all on function outage_side from public;

create function enter_outage(p_event text, p_outage declared_outage, p_by uuid, p_at timestamptz, p_detail jsonb) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    select ledger.append(p_at, p_event, 'account:' || p_by, 'outage:' || p_outage.id, 'success', p_detail || jsonb_build_object(
        'sha256', outage_digest(p_outage.id, p_outage.trust_id, p_outage.hours, p_outage.reason),
        'issuer', (select t.name from trusted_issuer t where t.id = p_outage.trust_id)))
$$;
revoke all on function enter_outage from public;

-- Puts one forward, as desk or office. Says 'done', or why not.
create function propose_outage(p_id uuid, p_trust uuid, p_hours integer, p_reason text, p_by uuid, p_at timestamptz)
    returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    made declared_outage;
begin
    -- Of two at the same time, the second sees the first.
    perform pg_advisory_xact_lock(hashtextextended('declared_outage:' || p_trust, 0));
    if outage_side(p_by, p_at) is null then
        return 'stranger';
    elsif not exists (select from trusted_issuer t
                      where t.id = p_trust and t.approved_at is not null and t.withdrawn_at is null) then
        return 'gone';
    elsif exists (select from declared_outage o
                  where o.trust_id = p_trust and o.approved_at is null and o.ended_at is null
                    and o.proposed_at > p_at - interval '1 hour') then
        return 'waits';
    end if;
    insert into declared_outage (id, trust_id, hours, reason, proposed_by, proposed_at)
    values (p_id, p_trust, p_hours, p_reason, p_by, p_at) returning * into made;
    perform enter_outage('outage.proposed', made, p_by, p_at, jsonb_build_object('hours', p_hours, 'reason', p_reason));
    return 'done';
end $$;
revoke all on function propose_outage from public;

-- Declares what was proposed, by its digest, as the side that did not propose it. Says 'done', or why not.
create function declare_outage(p_id uuid, p_digest text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked declared_outage;
    side text := outage_side(p_by, p_at);
    theirs account;
begin
    select * into asked from declared_outage o where o.id = p_id for update;
    select * into theirs from account a where a.id = asked.proposed_by;
    if side is null then
        return 'stranger';
    elsif asked.id is null or asked.approved_at is not null or asked.ended_at is not null
          or asked.proposed_at <= p_at - interval '1 hour' then
        return 'gone';
    elsif p_digest <> outage_digest(asked.id, asked.trust_id, asked.hours, asked.reason) then
        return 'changed';
    elsif share_a_human(asked.proposed_by, asked.proposed_at, p_by, p_at) then
        return 'own';
    elsif (theirs.kind = 'administrator') = (side = 'office') then
        return 'same_side';
    end if;
    update declared_outage set approved_by = p_by, approved_at = p_at where id = p_id;
    perform enter_outage('outage.declared', asked, p_by, p_at, jsonb_build_object(
        'hours', asked.hours, 'reason', asked.reason));
    return 'done';
end $$;
revoke all on function declare_outage from public;

-- Ends one, or takes a proposal back, as desk or office: one person is enough to close a door. Says 'done', or why not.
create function end_outage(p_id uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    ended declared_outage;
begin
    if outage_side(p_by, p_at) is null then
        return 'stranger';
    end if;
    update declared_outage set ended_by = p_by, ended_at = p_at
    where id = p_id and ended_at is null returning * into ended;
    if ended.id is null then
        return 'gone';
    end if;
    perform enter_outage('outage.ended', ended, p_by, p_at, '{}');
    return 'done';
end $$;
revoke all on function end_outage from public;

-- Each authority is told with which somebody has a role who signs in by that issuer. ``noticed_by`` knows accounts, and an
-- outage has none.
create function write_outage_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'outage', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from authority t
        where t.kind = 'authority' and t.state = 'active' and exists (
            select from declared_outage o
            join trusted_issuer i on i.id = o.trust_id
            join account_link l on l.issuer = i.content::jsonb ->> 'issuer' and l.retired_at is null
            join role_grant g on g.account_id = l.account_id and g.authority_id = t.id
            where 'outage:' || o.id = new.object and (new.event = 'outage.declared' or o.approved_at is not null))
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_outage_notices from public;

reset role;

create trigger outage_told_of after insert on ledger.inbox for each row
    when (new.event in ('outage.declared', 'outage.ended') and new.outcome = 'success')
    execute function vaka.write_outage_notices();
