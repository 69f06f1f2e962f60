-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the registers say of the terms, as the functions of 0034 tell it: (authority, reason, things); nobody is listed
-- where nothing is wrong. Two reasons are told apart everywhere: missing, nothing has been written that could be looked
-- at; overdue, what was written has not been gone through for longer than it may.

-- How a register of what has to be gone through stands: the worst that is wrong, or nothing.
create function worst_of(p_all bigint, p_reason text, p_wrong bigint, p_overdue bigint)
    returns table (authority_id uuid, reason text, things bigint)
    language sql immutable set search_path = vaka, pg_temp as $$
    select null::uuid, w.reason, w.things
    from (values (1, 'missing', case when p_all = 0 then 1::bigint else 0 end), (2, p_reason, p_wrong),
                 (3, 'overdue', p_overdue)) as w (place, reason, things)
    where w.things > 0
    order by w.place limit 1
$$;
revoke all on function worst_of from public;

-- Terms 1, 3, 6, 8, 18, 21, 33, 34: a document of one purpose, in force and gone through.
create function find_documents(p_purpose text, p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (select count(*) as all, count(*) filter (where h.made_at < p_at - p_every) as old
                     from register_holding h
                     where h.register = 'documents' and h.state = 'in_force' and h.fields ->> 'purpose' = p_purpose) d
    cross join lateral worst_of(d.all, 'none', 0, d.old) w
$$;
revoke all on function find_documents from public;

-- Term 1: processes whose owner is nobody, or whose procedure does not hold any more.
create function find_processes(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all, count(*) filter (where h.made_at < p_at - p_every) as old, count(*) filter (where
               not exists (select from account a where a.id::text = h.fields ->> 'owner' and a.state = 'active')
            or not exists (select from register_holding d where d.register = 'documents' and d.state = 'in_force'
                             and d.entry::text = h.fields ->> 'procedure')) as vacant
        from register_holding h where h.register = 'processes' and h.state = 'in_force') p
    cross join lateral worst_of(p.all, 'vacant', p.vacant, p.old) w
$$;
revoke all on function find_processes from public;

-- Term 1: a certificate that has expired, names another delivery, or is of the edition that ended in October 2025.
create function find_certificates(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, w.reason, w.things
    from (select count(*) as all,
                 count(*) filter (where (h.fields ->> 'valid_until')::date < p_at::date) as expired,
                 count(*) filter (where position(lower(h.fields ->> 'delivery') in lower(h.fields ->> 'scope')) = 0) as scope,
                 count(*) filter (where h.fields ->> 'standard' = 'iso-former'
                                    and p_at::date > date '2025-10-31') as former
          from register_holding h where h.register = 'certificates' and h.state = 'in_force') c
    cross join lateral (values (1, 'missing', case when c.all = 0 then 1::bigint else 0 end), (2, 'expired', c.expired),
                               (3, 'scope', c.scope), (4, 'edition', c.former)) w (place, reason, things)
    where w.things > 0
    order by w.place limit 1
$$;
revoke all on function find_certificates from public;

-- Terms 1 and 2: what is held every year, of one kind.
create function find_reviews(p_kind text, p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (select count(*) as all, max((h.fields ->> 'held')::date) as last from register_holding h
                     where h.register = 'reviews' and h.state = 'in_force' and h.fields ->> 'kind' = p_kind) r
    cross join lateral worst_of(r.all, 'none', 0, case when r.last < (p_at - p_every)::date then 1 else 0 end) w
$$;
revoke all on function find_reviews from public;

-- Terms 3 and 5: administrators who have not accepted what is written in a policy in force. Acknowledgements are of what
-- was written: going through it without a change keeps them, a new version begins with none.
create function find_unacknowledged(p_purpose text, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all,
               coalesce(sum((select count(*) from account a
                             where a.kind = 'administrator' and a.state = 'active' and not exists (
                                 select from register_acknowledgement k
                                 where k.account_id = a.id and k.entry = h.entry and k.content = h.content))), 0) as missing
        from register_holding h
        where h.register = 'documents' and h.state = 'in_force' and h.fields ->> 'purpose' = p_purpose) d
    cross join lateral worst_of(d.all, 'unacknowledged', d.missing::bigint, 0) w
$$;
revoke all on function find_unacknowledged from public;

-- The supplier's people: whoever has an active account, but those whose roles are all an authority's own.
create function list_staff(p_authority_roles text[], p_at timestamptz)
    returns table (account_id uuid, human uuid, kind text, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, a.human, a.kind, a.created_at from account a
    where a.state = 'active' and not exists (
        select from role_grant g where g.account_id = a.id having count(*) > 0 and bool_and(g.role = any (p_authority_roles)))
$$;
revoke all on function list_staff from public;

-- Term 4: active accounts minus undertakings that hold; and what was signed after the account was opened.
create function find_undertakings(p_authority_roles text[], p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with bound as (
        select a.human, min((h.fields ->> 'signed')::date) as signed
        from register_holding h join account a on a.id::text = h.fields ->> 'person'
        where h.register = 'undertakings' and h.state = 'noted' and h.fields ->> 'customers' = 'yes'
          and (h.fields ->> 'signed')::date <= p_at::date
          and coalesce((h.fields ->> 'valid_until')::date >= p_at::date, true)
        group by a.human
    )
    select w.* from (select count(*) filter (where b.human is null) as uncovered,
                            count(*) filter (where b.signed > s.since::date) as late
                     from list_staff(p_authority_roles, p_at) s left join bound b using (human)) c
    cross join lateral worst_of(1, case when c.uncovered > 0 then 'uncovered' else 'late' end,
                                case when c.uncovered > 0 then c.uncovered else c.late end, 0) w
$$;
revoke all on function find_undertakings from public;

-- Term 4: agreements with subcontractors that have expired, or bind to nothing.
create function find_subcontractors(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all, count(*) filter (where h.made_at < p_at - p_every) as old,
               count(*) filter (where h.fields ->> 'engaged' = 'firm' and not (
                   coalesce(h.fields ->> 'customers' = 'yes', false)
                   and coalesce((h.fields ->> 'valid_until')::date >= p_at::date, false))) as expired
        from register_holding h where h.register = 'subcontractors' and h.state = 'in_force') s
    cross join lateral worst_of(s.all, 'expired', s.expired, s.old) w
$$;
revoke all on function find_subcontractors from public;

-- Term 5: people who have not taken a course in force, in the version in force, within its interval.
create function find_untrained(p_authority_roles text[], p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select (select count(*) from register_holding c where c.register = 'courses' and c.state = 'in_force') as all,
               count(*) as untrained
        from register_holding c cross join list_staff(p_authority_roles, p_at) s
        where c.register = 'courses' and c.state = 'in_force'
          and (c.fields ->> 'whom' = 'staff' or s.kind = 'administrator') and not exists (
            select from register_holding t join account a on a.id::text = t.fields ->> 'person'
            where t.register = 'completions' and t.state = 'noted' and a.human = s.human
              and t.fields ->> 'course' = c.entry::text and (t.fields ->> 'edition')::integer = c.content
              and (t.fields ->> 'taken')::date <= p_at::date
              and (t.fields ->> 'taken')::date + make_interval(months => (c.fields ->> 'months')::integer) >= p_at::date)) t
    cross join lateral worst_of(t.all, 'untrained', t.untrained, 0) w
$$;
revoke all on function find_untrained from public;

-- Term 7: systems without a risk assessment, or whose newest is too old. A day too late is failing, not merely old.
create function find_unassessed(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select count(*) as all, count(*) filter (where not exists (
            select from register_holding r
            where r.register = 'risk-assessments' and r.state = 'in_force' and r.fields ->> 'system' = s.entry::text
              and (r.fields ->> 'held')::date >= (p_at - p_every)::date)) as unassessed
        from register_holding s where s.register = 'systems' and s.state = 'in_force') s
    cross join lateral worst_of(s.all, 'unassessed', s.unassessed, 0) w
$$;
revoke all on function find_unassessed from public;

-- Term 7: shortcomings of an authority that are past their day: when they should have been mended, or until when somebody
-- lived with them. What does not say whom it concerns is told to all. Where nothing was assessed, nothing was found.
create function find_shortcomings(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'missing', 1::bigint
    where not exists (select from register_holding r where r.register = 'risk-assessments' and r.state = 'in_force')
    union all
    select a.id, case when count(*) filter (where h.state = 'open') > 0 then 'late' else 'lapsed' end, count(*)
    from register_holding h join authority a on h.concerned is null or a.id = any (h.concerned) or h.concerned = '{}'
    where h.register = 'findings'
      and ((h.state = 'open' and (h.fields ->> 'due')::date < p_at::date)
        or (h.state = 'accepted' and (h.fields ->> 'accepted_until')::date < p_at::date))
    group by a.id
$$;
revoke all on function find_shortcomings from public;
