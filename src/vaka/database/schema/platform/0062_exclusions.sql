-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- That a term does not concern an authority: the supplier proposes it with a reason, the authority agrees until a day, and
-- takes that back at will. Nothing stores that it holds: it follows from what was said, and from what the log says of it.

create table exclusion (
    id           uuid primary key,
    authority_id uuid not null references authority,
    term         integer not null check (term between 1 and 37),
    reason       text not null check (length(reason) between 1 and 500),
    proposed_by  uuid not null references account,
    proposed_at  timestamptz not null
);
create index exclusion_of on exclusion (authority_id);

create table exclusion_step (
    exclusion uuid not null references exclusion,
    -- An approval; or what ends it, or the proposal: refused and withdrawn by the authority, retracted by the supplier.
    step      text collate "C" not null check (step in ('approved', 'ended')),
    until     timestamptz check ((until is not null) = (step = 'approved')),
    made_by   uuid not null references account,
    made_at   timestamptz not null,
    primary key (exclusion, step)
);

create trigger only_added before insert or update or delete on exclusion for each row execute function refuse_other_sayings();
create trigger never_emptied before truncate on exclusion for each statement execute function refuse_other_sayings();
create trigger only_added before insert or update or delete on exclusion_step
    for each row execute function refuse_other_sayings();
create trigger never_emptied before truncate on exclusion_step for each statement execute function refuse_other_sayings();

set role vaka_ledger;

alter table ledger.inbox add constraint exclusions_are_agreed_in_the_portal check (
    (event <> 'exclusion.proposed' or written_by ~ '_office$') and (event <> 'exclusion.approved' or written_by ~ '_portal$'));

-- Whether the log says that the authority agreed to exactly this, until exactly then, and that nothing ended it.
create function ledger.is_exclusion_told(p_id uuid, p_digest text) returns boolean
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select leaf ->> 'event' as event, leaf ->> 'written_by' as written_by, leaf -> 'detail' ->> 'digest' as digest
        from (select convert_from(e.leaf, 'UTF8')::jsonb as leaf
              from entry_index i join log_entry e using (index)
              where i.object = 'exclusion:' || p_id and i.event in ('exclusion.approved', 'exclusion.ended')) sealed
        where leaf ->> 'object' = 'exclusion:' || p_id and leaf ->> 'outcome' = 'success'
        union all
        select i.event, i.written_by, i.detail ->> 'digest'
        from inbox i
        where i.object = 'exclusion:' || p_id and i.outcome = 'success'
          and i.event in ('exclusion.approved', 'exclusion.ended')
    )
    select exists (select from said
                   where event = 'exclusion.approved' and written_by ~ '_portal$' and digest = p_digest)
       and not exists (select from said where event = 'exclusion.ended')
$$;
revoke all on function ledger.is_exclusion_told from public;
-- All rights stand in grants.sql, which comes after.
grant execute on function ledger.is_exclusion_told to vaka_owner;

set role vaka_owner;

-- What a key confirms, and an entry is of: which term of which authority, why, and until when (null: the proposal).
create function exclusion_digest(p_id uuid, p_authority uuid, p_term integer, p_reason text, p_until timestamptz) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(jsonb_build_array('vaka exclusion v1', p_id, p_authority, p_term, p_reason,
        to_char(p_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text, 'UTF8')), 'hex')
$$;
revoke all on function exclusion_digest from public;

-- How each stands. holds_until is null where it never held, or where the log does not say that it was agreed.
create view exclusion_standing as
select x.id, x.authority_id, x.term, x.reason, x.proposed_by, x.proposed_at, a.made_by as approved_by, a.made_at as approved_at,
       a.until, e.made_by as ended_by, e.made_at as ended_at,
       exclusion_digest(x.id, x.authority_id, x.term, x.reason, null) as digest,
       case when a.until is not null and e.exclusion is null
                 and ledger.is_exclusion_told(x.id, exclusion_digest(x.id, x.authority_id, x.term, x.reason, a.until))
            then a.until end as holds_until
from exclusion x
left join exclusion_step a on a.exclusion = x.id and a.step = 'approved'
left join exclusion_step e on e.exclusion = x.id and e.step = 'ended';

-- One authority's, as portal; of all (null), as office: those that wait or are agreed on first, then the newest.
create function list_exclusions(p_authority uuid, p_at timestamptz)
    returns table (id uuid, authority_id uuid, term integer, reason text, proposed_by uuid, proposed_at timestamptz,
                   approved_by uuid, approved_at timestamptz, until timestamptz, ended_by uuid, ended_at timestamptz,
                   digest text, holds_until timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.id, s.authority_id, s.term, s.reason, s.proposed_by, s.proposed_at, s.approved_by, s.approved_at, s.until,
           s.ended_by, s.ended_at, s.digest, s.holds_until
    from exclusion_standing s
    where s.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office')
    order by s.ended_at is null and coalesce(s.until > p_at, true) desc, s.until is null desc, s.proposed_at desc, s.id
    limit 200
$$;
revoke all on function list_exclusions from public;

-- Which terms do not concern which authority at a moment, and since when.
create function list_left_out(p_at timestamptz) returns table (authority_id uuid, term integer, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.authority_id, s.term, min(s.approved_at) from exclusion_standing s
    -- Of what is over anyhow the log is not asked.
    where s.approved_at <= p_at and s.until > p_at and s.holds_until > p_at
    group by s.authority_id, s.term
$$;
revoke all on function list_left_out from public;

create function enter_exclusion(p_event text, p_one exclusion, p_until timestamptz, p_by uuid, p_at timestamptz) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    select ledger.append(p_at, p_event, 'account:' || p_by, 'exclusion:' || p_one.id, 'success', jsonb_strip_nulls(
        jsonb_build_object('authority', p_one.authority_id, 'term', p_one.term, 'reason', p_one.reason,
                           'digest', exclusion_digest(p_one.id, p_one.authority_id, p_one.term, p_one.reason, p_until),
                           'valid_until', to_char(p_until at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))))
$$;
revoke all on function enter_exclusion from public;

-- Proposes one, as office. Says 'done', or why not.
create function propose_exclusion(p_id uuid, p_authority uuid, p_term integer, p_reason text, p_by uuid, p_at timestamptz)
    returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    made exclusion;
begin
    perform pg_advisory_xact_lock(hashtextextended('exclusion:' || p_authority || p_term, 0));
    if speaking_side(p_by, p_authority, p_at) is distinct from 'office' then
        return 'stranger';
    elsif not exists (select from authority a where a.id = p_authority and a.kind = 'authority' and a.state = 'active') then
        return 'gone';
    elsif exists (select from exclusion_standing s
                  where s.authority_id = p_authority and s.term = p_term and s.ended_at is null
                    and coalesce(s.until > p_at, true)) then
        return 'waits';
    end if;
    insert into exclusion (id, authority_id, term, reason, proposed_by, proposed_at)
    values (p_id, p_authority, p_term, p_reason, p_by, p_at) returning * into made;
    perform enter_exclusion('exclusion.proposed', made, null, p_by, p_at);
    return 'done';
end $$;
revoke all on function propose_exclusion from public;

-- Agrees to exactly what was proposed, until a day, as portal. Says 'done', or why not.
create function approve_exclusion(
    p_id uuid, p_authority uuid, p_digest text, p_until timestamptz, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked exclusion;
begin
    perform pg_advisory_xact_lock(hashtextextended('exclusion:' || p_id, 0));
    select * into asked from exclusion x where x.id = p_id and x.authority_id = p_authority;
    if speaking_side(p_by, p_authority, p_at) is distinct from 'portal' then
        return 'stranger';
    elsif asked.id is null or exists (select from exclusion_step s where s.exclusion = p_id) then
        return 'gone';
    elsif p_digest <> exclusion_digest(asked.id, asked.authority_id, asked.term, asked.reason, null) then
        return 'changed';
    elsif p_until <= p_at or p_until > p_at + interval '367 days' then
        return 'until';
    end if;
    insert into exclusion_step (exclusion, step, until, made_by, made_at) values (p_id, 'approved', p_until, p_by, p_at);
    perform enter_exclusion('exclusion.approved', asked, p_until, p_by, p_at);
    return 'done';
end $$;
revoke all on function approve_exclusion from public;

-- Ends one, or the proposal of one, as either side: the term is owed from then on. Says 'done', or why not.
create function end_exclusion(p_id uuid, p_authority uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked exclusion;
begin
    perform pg_advisory_xact_lock(hashtextextended('exclusion:' || p_id, 0));
    select * into asked from exclusion x where x.id = p_id and x.authority_id = p_authority;
    if speaking_side(p_by, p_authority, p_at) is null then
        return 'stranger';
    elsif asked.id is null or exists (select from exclusion_step s where s.exclusion = p_id and s.step = 'ended') then
        return 'gone';
    end if;
    insert into exclusion_step (exclusion, step, made_by, made_at) values (p_id, 'ended', p_by, p_at);
    perform enter_exclusion('exclusion.ended', asked, null, p_by, p_at);
    return 'done';
end $$;
revoke all on function end_exclusion from public;
