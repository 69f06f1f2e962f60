-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Messages of partners (term 32): which were taken in, so that none is twice, and which were refused, and why. What stood in
-- one is nowhere here: its size and its SHA-256.

create table exchange_message (
    id           uuid primary key,
    authority_id uuid        not null references authority,
    -- The entry of the register of partners; null where the address named none that holds.
    partner      uuid,
    at           timestamptz not null,
    -- Why it was refused; null: it was taken in.
    reason       text check (reason ~ '^[a-z_]{1,40}$'),
    size         integer     not null check (size >= 0),
    sha256       bytea       not null check (octet_length(sha256) = 32),
    nonce_hash   bytea check (octet_length(nonce_hash) = 32),
    -- How many it stands for: what comes from nobody who is known is counted, and not kept one by one.
    times        integer     not null default 1 check (times >= 1),
    check (times = 1 or (partner is null and reason is not null)),
    check (reason is not null or (partner is not null and nonce_hash is not null))
);
-- The second time has no effect: of two at once the database lets one through.
create unique index exchange_message_once on exchange_message (partner, nonce_hash) where reason is null;
-- Of strangers one row for each authority and day, so that they push nothing of a partner's out of what is kept.
create unique index exchange_message_strangers on exchange_message (authority_id, ((at at time zone 'UTC')::date))
    where partner is null;
create index exchange_message_refused on exchange_message (authority_id, at desc) where reason is not null;

-- A partner whose agreement is in force with an authority, as registry: by which certificate, and until when.
create function find_partner(p_partner uuid, p_authority uuid)
    returns table (certificate text, valid_until date, certificate_until date)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.fields ->> 'certificate', (h.fields ->> 'valid_until')::date, (h.fields ->> 'certificate_until')::date
    from register_holding h
    where h.entry = p_partner and h.register = 'partners' and h.state = 'in_force'
      and h.fields ->> 'exchanges' = 'partner' and (h.concerned is null or p_authority = any (h.concerned))
$$;
revoke all on function find_partner from public;

-- Uses a message up; says whether it is the first time. Nonces are remembered for as long as the messages are kept.
create function take_exchange(
    p_id uuid, p_authority uuid, p_partner uuid, p_nonce bytea, p_sha256 bytea, p_size integer, p_at timestamptz
) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if not exists (select from find_partner(p_partner, p_authority) f
                   where f.valid_until >= p_at::date and f.certificate_until >= p_at::date) then
        raise exception 'no agreement with this partner is in force' using errcode = 'insufficient_privilege';
    end if;
    delete from exchange_message m where m.partner = p_partner and m.reason is null and m.at < p_at - interval '400 days';
    insert into exchange_message (id, authority_id, partner, at, size, sha256, nonce_hash)
    values (p_id, p_authority, p_partner, p_at, p_size, p_sha256, p_nonce)
    on conflict do nothing;
    return found;
end $$;
revoke all on function take_exchange from public;

-- Keeps that a message was refused. Of each authority the newest thousand, for 400 days; what comes where no agreement is in
-- force is counted by the day. Says whether it is one that its log has an entry of: a partner's, or the first of strangers' that day.
create function refuse_exchange(
    p_id uuid, p_authority uuid, p_partner uuid, p_reason text, p_sha256 bytea, p_size integer, p_at timestamptz
) returns boolean
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    counted integer;
begin
    insert into exchange_message as kept (id, authority_id, partner, at, reason, size, sha256)
    select p_id, p_authority, (select p_partner from find_partner(p_partner, p_authority)), p_at, p_reason, p_size, p_sha256
    on conflict (authority_id, ((at at time zone 'UTC')::date)) where partner is null do update set times = kept.times + 1
    returning kept.times into counted;
    delete from exchange_message m
    where m.authority_id = p_authority and m.reason is not null
      and (m.at < p_at - interval '400 days' or m.id in (
          select r.id from exchange_message r where r.authority_id = p_authority and r.reason is not null
          order by r.at desc, r.id offset 1000));
    return counted = 1;
end $$;
revoke all on function refuse_exchange from public;

-- What was refused lately of one authority's, as portal; of all, as office.
create function list_refused_exchanges(p_authority uuid)
    returns table (authority_id uuid, partner uuid, firm text, at timestamptz, reason text, size integer, sha256 bytea,
                   times integer)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select m.authority_id, m.partner,
           (select v.fields ->> 'firm' from register_version v where v.entry = m.partner order by v.number desc limit 1),
           m.at, m.reason, m.size, m.sha256, m.times
    from exchange_message m
    where m.reason is not null and (p_authority is null or m.authority_id = p_authority)
    order by m.at desc, m.id limit 100
$$;
revoke all on function list_refused_exchanges from public;

-- Term 32: messages taken in within a day though no agreement with whoever sent them was in force then.
create function find_wrongly_taken(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select m.authority_id, 'taken', count(*)
    from exchange_message m
    left join lateral (
        select v.state, v.fields, v.concerned from register_version v
        where v.entry = m.partner and v.register = 'partners' and v.state <> 'draft' and v.made_at <= m.at
        order by v.number desc limit 1) then_held on true
    where m.reason is null and m.at > p_at - p_every and m.at <= p_at
      and not coalesce(then_held.state = 'in_force' and then_held.fields ->> 'exchanges' = 'partner'
                       and (then_held.fields ->> 'valid_until')::date >= m.at::date
                       and (then_held.fields ->> 'certificate_until')::date >= m.at::date
                       and (then_held.concerned is null or m.authority_id = any (then_held.concerned)), false)
    group by m.authority_id
$$;
revoke all on function find_wrongly_taken from public;
