-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What further registers say of the terms, as 0041 tells it: halls, partners, changes.

-- Term 19: halls whose certificate has expired.
create function find_sites(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all,
               count(*) filter (where coalesce((h.fields ->> 'valid_until')::date < p_at::date, true)
                                   or lower(h.fields ->> 'certified') is distinct from lower(h.fields ->> 'address')) as expired
        from register_holding h where h.register = 'sites' and h.state = 'in_force') s
    cross join lateral worst_of(s.all, 'expired', s.expired, 0) w
$$;
revoke all on function find_sites from public;

-- Term 19: halls whose list of who may enter has not been gone through for too long.
create function find_site_reviews(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all,
               count(*) filter (where coalesce((h.fields ->> 'entry_reviewed')::date < (p_at - p_every)::date, true)) as old
        from register_holding h where h.register = 'sites' and h.state = 'in_force') s
    cross join lateral worst_of(s.all, 'none', 0, s.old) w
$$;
revoke all on function find_site_reviews from public;

-- Term 32: partners whose agreement or certificate has expired.
create function find_partners(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all, count(*) filter (where h.made_at < p_at - p_every) as old,
               count(*) filter (where h.fields ->> 'exchanges' = 'partner' and (
                   coalesce((h.fields ->> 'valid_until')::date < p_at::date, true)
                   or coalesce((h.fields ->> 'certificate_until')::date < p_at::date, true))) as expired
        from register_holding h where h.register = 'partners' and h.state = 'in_force') s
    cross join lateral worst_of(s.all, 'expired', s.expired, s.old) w
$$;
revoke all on function find_partners from public;

-- Term 20: emergencies that were carried out and that nobody else has reviewed within five days.
create function find_unreviewed_changes(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all,
               count(*) filter (where n.state = 'draft' and n.fields ->> 'kind' = 'emergency'
                                  and coalesce((n.fields ->> 'done')::date < (p_at - interval '5 days')::date, true)) as late
        from (select distinct on (v.entry) v.* from register_version v where v.register = 'changes'
              order by v.entry, v.number desc) n) c
    cross join lateral worst_of(c.all, 'unreviewed', c.late, 0) w
$$;
revoke all on function find_unreviewed_changes from public;

-- Term 33: larger changes in force without a risk assessment that holds, or without a security test.
create function find_large_changes(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all, count(*) filter (where h.fields ->> 'kind' = 'large' and (
                   coalesce(h.fields ->> 'tested', '') = '' or not exists (
                       select from register_version r
                       where r.register = 'risk-assessments' and r.state = 'in_force'
                         and r.entry::text = h.fields ->> 'risks'))) as wrong
        from register_holding h where h.register = 'changes' and h.state = 'in_force') c
    cross join lateral worst_of(c.all, 'unassessed', c.wrong, 0) w
$$;
revoke all on function find_large_changes from public;
