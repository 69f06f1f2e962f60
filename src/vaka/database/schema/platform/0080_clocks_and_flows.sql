-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What machines tell of themselves: their clocks (term 27), what listens on them and which certificates they have (term 30).

-- The newest of each machine. What was found by it is evidence, which is only ever added.
create table machine_clock (
    machine     text collate "C" primary key check (machine ~ '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$' and length(machine) <= 64),
    -- By this server's clock, which no machine can set forward.
    received_at timestamptz not null,
    -- Seconds that the machine's time was ahead of this server's.
    skew        double precision not null,
    kernel      text not null check (kernel in ('synchronised', 'unsynchronised', 'unknown')),
    -- What is wrong by the rule, as the machine found it.
    reasons     text[] not null check (cardinality(reasons) <= 20),
    source      text not null check (length(source) <= 253),
    proven      boolean not null,
    stratum     integer not null check (stratum between 0 and 16),
    off_by      double precision not null,
    error       double precision not null,
    referred_at timestamptz,
    told_by     text not null
);
comment on table machine_clock is 'How each machine''s clock stands, as it told last.';

create function report_clock(p_machine text, p_at timestamptz, p_said jsonb) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    -- Before anything is waited for: the machine said its time just now.
    v_heard timestamptz := clock_timestamp();
begin
    -- Of what has long been silent, and is expected by no settings, nothing is left.
    delete from machine_clock c where c.received_at < v_heard - interval '30 days';
    insert into machine_clock
        (machine, received_at, skew, kernel, reasons, source, proven, stratum, off_by, error, referred_at, told_by)
    select p_machine, v_heard, extract(epoch from p_at - v_heard), s.kernel,
           s.reasons, s.source, s.proven, s.stratum, s."offset", s.error, s.referred_at, session_user
    from jsonb_to_record(p_said) as s (kernel text, reasons text[], source text, proven boolean, stratum integer,
                                       "offset" double precision, error double precision, referred_at timestamptz)
    on conflict (machine) do update set (received_at, skew, kernel, reasons, source, proven, stratum, off_by, error,
        referred_at, told_by) = row (excluded.received_at, excluded.skew, excluded.kernel, excluded.reasons,
        excluded.source, excluded.proven, excluded.stratum, excluded.off_by, excluded.error, excluded.referred_at,
        excluded.told_by);
end $$;
revoke all on function report_clock from public;

create function list_clocks()
    returns table (machine text, received_at timestamptz, skew double precision, kernel text, reasons text[], source text,
                   proven boolean, stratum integer, off_by double precision, error double precision, referred_at timestamptz,
                   by_scheduler boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select c.machine, c.received_at, c.skew, c.kernel, c.reasons, c.source, c.proven, c.stratum, c.off_by, c.error,
           c.referred_at, c.told_by = 'vaka_scheduler'
    from machine_clock c order by c.machine
$$;
revoke all on function list_clocks from public;

create table machine_flows (
    machine      text collate "C" primary key check (machine ~ '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$' and length(machine) <= 64),
    -- By this server's clock, which no machine can set forward; null where only certificates were told of.
    looked_at    timestamptz,
    -- The register of flows by this machine's settings, and whether something listens for each that others can reach.
    flows        jsonb not null default '[]' check (jsonb_typeof(flows) = 'array' and length(flows::text) <= 200000),
    -- Sockets that are not as the register has them.
    wrong        jsonb not null default '[]' check (jsonb_typeof(wrong) = 'array' and length(wrong::text) <= 200000),
    certificates jsonb not null default '[]' check (jsonb_typeof(certificates) = 'array' and length(certificates::text) <= 200000),
    certified_at timestamptz,
    told_by      text not null
);
comment on table machine_flows is 'What flows to and from each machine, what listens there, and its certificates, as it told last.';

create function report_flows(p_machine text, p_flows jsonb, p_wrong jsonb) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    delete from machine_flows f where greatest(f.looked_at, f.certified_at) < clock_timestamp() - interval '30 days';
    insert into machine_flows (machine, looked_at, flows, wrong, told_by)
    values (p_machine, clock_timestamp(), p_flows, p_wrong, session_user)
    on conflict (machine) do update set (looked_at, flows, wrong, told_by)
        = row (excluded.looked_at, excluded.flows, excluded.wrong, excluded.told_by)
$$;
revoke all on function report_flows from public;

create function report_certificates(p_machine text, p_told jsonb) returns void
    language sql security definer set search_path = vaka, pg_temp as $$
    insert into machine_flows (machine, certified_at, certificates, told_by)
    values (p_machine, clock_timestamp(), p_told, session_user)
    on conflict (machine) do update set (certified_at, certificates) = row (excluded.certified_at, excluded.certificates)
$$;
revoke all on function report_certificates from public;

create function list_machine_flows()
    returns table (machine text, looked_at timestamptz, flows jsonb, wrong jsonb, certificates jsonb, by_scheduler boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.machine, f.looked_at, f.flows, f.wrong, f.certificates, f.told_by = 'vaka_scheduler'
    from machine_flows f order by f.machine
$$;
revoke all on function list_machine_flows from public;
