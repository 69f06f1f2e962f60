-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What an authority takes with it of the evidence of its terms: its own and what concerns all alike, nothing of another's.

-- Looks since a moment, newest first. Their digests stay here: they are over every authority's part, so that one which
-- knows of another could try what was found of it.
create function list_looks(p_authority uuid, p_since timestamptz, p_most bigint)
    returns table (look bigint, requirement text, looked_at timestamptz, clock text, seen boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select l.id, l.requirement, l.looked_at, l.clock, not p_authority = any (l.unseen)
    from look l
    where l.looked_at >= p_since
    order by l.id desc
    limit p_most
$$;
revoke all on function list_looks from public;

-- Findings since a moment, newest first, and those older ones that still stand. `own`: of this authority alone.
create function list_findings(p_authority uuid, p_since timestamptz, p_most bigint)
    returns table (look bigint, requirement text, looked_at timestamptz, clock text, own boolean, met boolean, reason text,
                   things bigint, stands boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.* from (
        select o.look_id, o.requirement, l.looked_at, l.clock, o.authority_id is not null, o.met, o.reason, o.things,
               o.look_id = max(o.look_id) over (partition by o.requirement) as stands
        from observation o
        join look l on l.id = o.look_id
        where o.authority_id = p_authority or o.authority_id is null) f
    where f.stands or f.looked_at >= p_since
    order by f.look_id desc, f.requirement
    limit p_most
$$;
revoke all on function list_findings from public;
