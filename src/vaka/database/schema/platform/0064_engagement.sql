-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Who works for a subcontractor is bound by its agreement (term 4): when that holds no more, his undertaking covers
-- nothing, an administrator's role rests at once, and nobody new is let in. Nobody lifts the rest of his own role, and
-- whoever answers alarms goes on, in red.

-- Whether a subcontractor's agreement holds: in force, binding to secrecy about customers, and within its days.
create function agreement_holds(p_entry uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with agreed as materialized (
        select h.entry, h.number
        from register_version h
        where h.entry = p_entry and h.register = 'subcontractors' and h.state = 'in_force'
          and h.fields ->> 'engaged' = 'firm' and h.fields ->> 'customers' = 'yes'
          and (h.fields ->> 'signed')::date <= p_at::date and (h.fields ->> 'valid_until')::date >= p_at::date
    )
    select exists (select from agreed a where is_newest(a.entry, a.number) and stands_as_written(a.entry, a.number))
$$;
revoke all on function agreement_holds from public;

-- What the register has said of whom a human works for, in every version and whether it holds by now or not. What he has
-- written himself does not count, nor what somebody of the same firm has, once a firm was named that it does not name.
create function said_undertakings(p_human uuid)
    returns table (entry uuid, number integer, state text, fields jsonb, firm uuid, made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with mine as (
        select a.id from account a where a.human = p_human
        union all
        select r.account_id from account_request r where r.human = p_human and r.kind = 'create' and r.state = 'waiting'
    ), said as materialized (
        select v.entry, v.number, v.state, v.fields, nullif(v.fields ->> 'employer', '')::uuid as firm, v.made_at,
               w.human as written_by
        from mine
        join register_version v on v.fields ->> 'person' = mine.id::text and v.register = 'undertakings'
        join account w on w.id = v.made_by
    )
    select s.entry, s.number, s.state, s.fields, s.firm, s.made_at
    from said s
    where not exists (
        select from said earlier
        where earlier.firm is not null and earlier.firm is distinct from s.firm and earlier.made_at <= s.made_at
          and (s.written_by = p_human or exists (
                select from account w
                join register_version n on n.fields ->> 'person' = w.id::text and n.register = 'undertakings'
                where w.human = s.written_by and n.fields ->> 'employer' = earlier.firm::text)))
$$;
revoke all on function said_undertakings from public;

-- The undertakings of a human that count and hold by their own days, and the firm that each says he works for, if any; also
-- of somebody whose account waits to be approved (0055): his is entered before he is let in.
create function standing_undertakings(p_human uuid, p_at timestamptz) returns table (firm uuid)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with signed as materialized (
        select s.entry, s.number, s.firm
        from said_undertakings(p_human) s
        where s.state = 'noted' and s.fields ->> 'customers' = 'yes' and (s.fields ->> 'signed')::date <= p_at::date
          and coalesce((s.fields ->> 'valid_until')::date >= p_at::date, true)
    )
    select s.firm from signed s where is_newest(s.entry, s.number) and stands_as_written(s.entry, s.number)
$$;
revoke all on function standing_undertakings from public;

-- As 0049 has it, and of whoever works for a firm: only while its agreement holds.
create or replace function has_undertaking(p_human uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from standing_undertakings(p_human, p_at) s where s.firm is null or agreement_holds(s.firm, p_at))
$$;

-- What the firm is called for whose agreement an administrator's role rests: each of his undertakings names one that is
-- bound no more. None where he has none at all, which closes no open door (0049); but where the firm that was named last is
-- bound no more, an undertaking of it that was withdrawn, has expired or was written over leaves the role at rest.
create function ended_engagement(p_account uuid, p_at timestamptz) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with mine as materialized (
        select a.human from account a where a.id = p_account and a.kind = 'administrator'
    ), standing as materialized (
        select s.firm from mine cross join lateral standing_undertakings(mine.human, p_at) s
    ), last as materialized (
        select s.firm from mine cross join lateral said_undertakings(mine.human) s
        order by s.made_at desc, s.number desc, s.entry desc limit 1
    ), firms as materialized (
        select s.firm from standing s
        union
        select l.firm from last l where l.firm is not null and not agreement_holds(l.firm, p_at)
    )
    select coalesce((select v.fields ->> 'firm' from register_version v
                     where v.entry = (select min(f.firm::text)::uuid from firms f) and v.register = 'subcontractors'
                     order by v.number desc limit 1), '')
    where exists (select from firms)
      and not exists (select from standing s where s.firm is null or agreement_holds(s.firm, p_at))
$$;
revoke all on function ended_engagement from public;

-- As 0050 has it, and for an agreement that ended too.
create or replace function settle_training(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one record;
    resting constant text := 'administrator';
    count bigint := 0;
begin
    for one in
        select a.id, exists (select from role_suspension s where s.account_id = a.id) as told,
               a.state = 'active' and (
                   coalesce((select d.rests_from <= p_at from training_due(a.id, p_at) d), false)
                   or ended_engagement(a.id, p_at) is not null) as rests
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

-- As 0041 has it; an undertaking of whoever works for a firm counts while the firm's agreement is in force.
create or replace function find_undertakings(p_authority_roles text[], p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with bound as (
        select a.human, min((h.fields ->> 'signed')::date) as signed
        from register_holding h join account a on a.id::text = h.fields ->> 'person'
        where h.register = 'undertakings' and h.state = 'noted' and h.fields ->> 'customers' = 'yes'
          and (h.fields ->> 'signed')::date <= p_at::date
          and coalesce((h.fields ->> 'valid_until')::date >= p_at::date, true)
          and (coalesce(h.fields ->> 'employer', '') = '' or exists (
                select from register_holding f
                where f.register = 'subcontractors' and f.state = 'in_force' and f.entry::text = h.fields ->> 'employer'
                  and f.fields ->> 'engaged' = 'firm' and f.fields ->> 'customers' = 'yes'
                  and (f.fields ->> 'signed')::date <= p_at::date and (f.fields ->> 'valid_until')::date >= p_at::date))
        group by a.human
    )
    select w.* from (select count(*) filter (where b.human is null) as uncovered,
                            count(*) filter (where b.signed > s.since::date) as late
                     from list_staff(p_authority_roles, p_at) s left join bound b using (human)) c
    cross join lateral worst_of(1, case when c.uncovered > 0 then 'uncovered' else 'late' end,
                                case when c.uncovered > 0 then c.uncovered else c.late end, 0) w
$$;
