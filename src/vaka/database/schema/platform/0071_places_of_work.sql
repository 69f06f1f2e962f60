-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- From where administrators work (term 3): a session of the office from a network that no register has is ended. Nobody's
-- address is kept, only which entry of the register has it.

set role vaka_ledger;

-- Whose session it is every authority knows already.
insert into ledger.concern (event, whose) values ('session.placed', 'actor');
alter table ledger.inbox add constraint sessions_are_placed_in_the_office
    check (event <> 'session.placed' or written_by ~ '_office$');

set role vaka_owner;

-- Where a session was seen: in which network of the register, or (null) in none.
create table session_place (
    session_id uuid not null references session (id),
    place      text not null check (place in ('site', 'remote', 'refused')),
    network    uuid check (place <> 'site' or network is not null),
    placed_at  timestamptz not null,
    unique nulls not distinct (session_id, place, network)
);
create trigger only_added before insert or update or delete on session_place
    for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on session_place for each statement execute function refuse_other_entries();

-- A network as a field of the register has it; null for what is none.
create function network_of(p_text text) returns cidr
    language plpgsql immutable set search_path = vaka, pg_temp as $$
begin
    return p_text::cidr;
exception when data_exception then
    return null;
end $$;
revoke all on function network_of from public;

-- The networks from which administrators may work at a time: in force, as two wrote them in the office, and not expired.
create function list_networks(p_at timestamptz) returns table (entry uuid, network cidr, place text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with held as materialized (
        select h.entry, h.number, network_of(h.fields ->> 'network') as network, h.fields ->> 'place' as place
        from register_holding h
        where h.register = 'networks' and h.state = 'in_force'
          and (h.fields ->> 'valid_until')::date >= (p_at at time zone 'Europe/Stockholm')::date
    )
    select h.entry, h.network, h.place from held h
    where h.network is not null and h.place in ('site', 'remote') and stands_as_written(h.entry, h.number)
    order by h.network, h.entry
$$;
revoke all on function list_networks from public;

-- Says, as office, where a session of an administrator's is: 'site', 'remote', or 'refused', which ends it. Before a network
-- is in force, and when none is any more, everybody comes in and counts as remote: who could mend it is not locked out. An
-- emergency is opened from wherever the two are. What is seen for the first time is entered.
create function place_session(p_session uuid, p_address inet, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    who uuid;
    entry_of uuid;
    said text;
begin
    select s.account_id into who
    from session s where s.id = p_session and s.realm = 'administrator' and s.ended_at is null;
    if who is null then
        return 'refused';
    end if;
    -- The narrowest that has it, and of two alike what is less trusted.
    select n.entry, n.place into entry_of, said from list_networks(p_at) n where n.network >>= p_address
    order by masklen(n.network) desc, n.place, n.entry limit 1;
    if said is null then
        said := case when exists (select from break_glass b where b.session_id = p_session)
                       or not exists (select from list_networks(p_at)) then 'remote' else 'refused' end;
    end if;
    insert into session_place (session_id, place, network, placed_at) values (p_session, said, entry_of, p_at)
    on conflict do nothing;
    if found then
        perform ledger.append(
            p_at, 'session.placed', 'account:' || who, 'session:' || p_session,
            case said when 'refused' then 'failure' else 'success' end,
            jsonb_strip_nulls(jsonb_build_object('location', said, 'network', 'register_entry:' || entry_of)));
    end if;
    if said = 'refused' then
        perform ledger.append(p_at, 'session.ended', 'account:' || who, 'session:' || p_session, 'success',
                              jsonb_build_object('reason', 'unregistered_network'));
        update session s set ended_at = p_at where s.id = p_session and s.ended_at is null;
    end if;
    return said;
end $$;
revoke all on function place_session from public;

-- Term 3: no network is in force; or within a day a session was let in from none of them, or worked without having been
-- placed: what asks from where it comes has stopped. What two custodians opened has a review of its own (term 14).
create function find_remote_paths(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with seen as materialized (
        select s.id, u.used_at
        from session s join session_use u on u.session_id = s.id
        where s.realm = 'administrator' and u.used_at > p_at - interval '1 day'
          and not exists (select from break_glass b where b.session_id = s.id)
    ), found as (
        select 1 as place, 'empty' as reason, case when exists (select from list_networks(p_at)) then 0 else 1 end as things
        union all
        select 2, 'outside', count(*) from seen v
        where exists (select from session_place p
                      where p.session_id = v.id and p.network is null and p.place <> 'refused'
                        and p.placed_at > p_at - interval '1 day')
        union all
        -- A session is placed a moment after it was used.
        select 3, 'unplaced', count(*) from seen v
        where v.used_at < p_at - interval '2 minutes'
          and not exists (select from session_place p where p.session_id = v.id)
    )
    select null::uuid, f.reason, f.things from found f where f.things > 0 order by f.place limit 1
$$;
revoke all on function find_remote_paths from public;
