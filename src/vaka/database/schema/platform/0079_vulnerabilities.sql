-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Published vulnerabilities, what of them hits what runs, and whom that was told (term 29). A finding ends when what runs is
-- hit no more, or when two people say with a reason why it is not affected; nobody sets its end.

create table advisory_import (
    id          uuid primary key,
    source      text collate "C" not null check (source in ('osv:PyPI', 'osv:Debian', 'debian')),
    -- As of when the source says it.
    source_at   timestamptz not null,
    imported_at timestamptz not null,
    digest      bytea not null check (octet_length(digest) = 32),
    records     integer not null check (records between 1 and 1000000),
    fetched     boolean not null,
    check (source_at <= imported_at)
);
create index advisory_import_newest on advisory_import (source, imported_at desc);

-- What the newest import of each source says, package by package.
create table advisory_record (
    source    text collate "C" not null,
    package   text collate "C" not null check (length(package) between 1 and 200),
    id        text collate "C" not null check (length(id) between 1 and 100),
    import_id uuid not null,
    first_at  timestamptz not null,
    content   jsonb not null,
    primary key (source, package, id)
);

-- The newest comparison of what runs with what is published, and what ran then.
create table vulnerability_look (
    place      integer primary key default 1 check (place = 1),
    at         timestamptz not null,
    bill       bytea not null check (octet_length(bill) = 32),
    components integer not null
);
create table running_component (
    place        integer primary key,
    purl         text not null check (length(purl) <= 500),
    name         text not null,
    version      text not null,
    ecosystem    text not null,
    -- Null: of the whole installation. Otherwise it works for that authority alone.
    authority_id uuid references authority,
    -- Why nobody can say whether it is hit; empty where one can.
    unassessed   text not null check (unassessed in ('', 'unnamed', 'ecosystem', 'version', 'source'))
);

create table vulnerability_finding (
    id            uuid primary key,
    -- What most call it: its CVE where it has one.
    vulnerability text collate "C" not null check (length(vulnerability) between 1 and 100),
    advisories    text[] not null,
    purl          text not null,
    name          text not null,
    version       text not null,
    authority_id  uuid references authority,
    severity      text not null check (severity in ('critical', 'high', 'medium', 'low')),
    -- What the severity follows from: a CVSS vector, or what else was said.
    basis         text not null,
    fixed_version text not null,
    summary       text not null,
    reference     text not null,
    published_at  timestamptz,
    known_at      timestamptz not null,
    case_id       uuid not null references security_case,
    -- Until when it is to be mended, by its own severity: sooner when that rises, and never later.
    fix_by        timestamptz not null,
    ended_at      timestamptz,
    -- Gone: the version runs no more. Withdrawn: it runs, and nothing that is published says any more that it is hit.
    ended_because text check (ended_because in ('gone', 'withdrawn', 'not_affected')),
    check ((ended_at is null) = (ended_because is null))
);
create unique index vulnerability_finding_open on vulnerability_finding
    (vulnerability, purl, (coalesce(authority_id, '00000000-0000-0000-0000-000000000000'))) where ended_at is null;
create index vulnerability_finding_case on vulnerability_finding (case_id);

-- Which authority was told of which finding, in which entry of its case.
create table vulnerability_told (
    finding_id   uuid not null references vulnerability_finding,
    authority_id uuid not null references authority,
    number       integer not null,
    told_at      timestamptz not null,
    primary key (finding_id, authority_id)
);

-- That a component is not affected: somebody says why, another person agrees.
create table vulnerability_statement (
    id            uuid primary key,
    finding_id    uuid not null references vulnerability_finding,
    justification text not null check (justification in (
        'component_not_present', 'vulnerable_code_not_present', 'vulnerable_code_cannot_be_controlled_by_adversary',
        'vulnerable_code_not_in_execute_path', 'inline_mitigations_already_exist')),
    because       text not null check (length(because) between 3 and 2000),
    made_by       uuid not null references account,
    made_at       timestamptz not null,
    decided_by    uuid references account,
    decided_at    timestamptz,
    approved      boolean,
    check (num_nulls(decided_by, decided_at, approved) in (0, 3)),
    check (approved is not true or decided_by <> made_by)
);
create unique index vulnerability_statement_waits on vulnerability_statement (finding_id) where decided_at is null;

-- Functions write these, as their owner; a statement by hand does not, whoever makes it.
create function refuse_other_vulnerabilities() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if current_user <> 'vaka_owner' or tg_op = 'TRUNCATE'
       or not exists (select from pg_auth_members m join pg_roles g on g.oid = m.roleid
                      where m.member = session_user::regrole and g.rolname in ('g_office', 'g_scheduler', 'g_setup'))
       or (tg_op = 'DELETE' and tg_table_name not in ('advisory_record', 'running_component'))
    then
        raise exception 'what is found of vulnerabilities is entered by the comparison, and never removed'
            using errcode = 'insufficient_privilege';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end $$;
do $$
declare
    guarded text;
begin
    foreach guarded in array array['advisory_import', 'advisory_record', 'vulnerability_look', 'running_component',
                                   'vulnerability_finding', 'vulnerability_told', 'vulnerability_statement'] loop
        execute format('create trigger only_by_functions before insert or update or delete on %I for each row '
                       'execute function refuse_other_vulnerabilities()', guarded);
        execute format('create trigger never_emptied before truncate on %I for each statement '
                       'execute function refuse_other_vulnerabilities()', guarded);
    end loop;
end $$;

set role vaka_ledger;
alter table ledger.inbox add constraint vulnerabilities_are_found_by_comparing
    check ((event <> 'advisories.imported' or written_by ~ '_setup$')
           and (event not in ('vulnerability.found', 'vulnerability.ended') or written_by ~ '_scheduler$')
           and (event not in ('vulnerability.stated', 'vulnerability.accepted', 'vulnerability.refused')
                or written_by ~ '_office$'));
set role vaka_owner;

-- Begins an import, as setup: says 'done', or why not; 'same' where nothing changed since the last, and all there is to enter is
-- that it is as of now. Records follow in the same transaction (add_advisory_records), then
-- its end (finish_advisory_import).
create function begin_advisory_import(
    p_id uuid, p_source text, p_source_at timestamptz, p_digest bytea, p_records integer, p_fetched boolean,
    p_shrunk boolean, p_by text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before advisory_import;
begin
    perform pg_advisory_xact_lock(hashtextextended('advisories', 0));
    select * into before from advisory_import i where i.source = p_source order by i.source_at desc limit 1;
    if p_source_at > p_at then
        return 'future';
    elsif p_source_at < before.source_at then
        return 'older';
    elsif not p_shrunk and p_records < before.records / 2 then
        return 'shrunk';
    end if;
    insert into advisory_import (id, source, source_at, imported_at, digest, records, fetched)
    values (p_id, p_source, p_source_at, p_at, p_digest, p_records, p_fetched);
    perform ledger.append(p_at, 'advisories.imported', p_by, 'advisories:' || p_id, 'success', jsonb_build_object(
        'dataset', p_source, 'dataset_at', to_char(p_source_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
        'records', p_records, 'fetched', p_fetched, 'sha256', encode(p_digest, 'hex')));
    return case when p_digest = before.digest then 'same' else 'done' end;
end $$;
revoke all on function begin_advisory_import from public;

create function add_advisory_records(p_import uuid, p_records jsonb) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    begun advisory_import;
begin
    select * into begun from advisory_import i where i.id = p_import and i.xmin = pg_current_xact_id()::xid;
    if begun.id is null then
        raise exception 'records come with their import' using errcode = 'insufficient_privilege';
    end if;
    insert into advisory_record as kept (source, package, id, import_id, first_at, content)
    select begun.source, r.package, r.id, begun.id, begun.imported_at, r.content
    from jsonb_to_recordset(p_records) as r(package text, id text, content jsonb)
    -- What says something else from now on is known since now.
    on conflict (source, package, id) do update set import_id = excluded.import_id, content = excluded.content,
        first_at = case when kept.content = excluded.content then kept.first_at else excluded.first_at end;
end $$;
revoke all on function add_advisory_records from public;

-- Forgets what the newest import does not say any more.
create function finish_advisory_import(p_import uuid) returns void
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    begun advisory_import;
begin
    select * into begun from advisory_import i where i.id = p_import and i.xmin = pg_current_xact_id()::xid;
    if begun.id is null
       or (select count(*) from advisory_record r where r.import_id = p_import) <> begun.records then
        raise exception 'an import is whole, or it is none' using errcode = 'check_violation';
    end if;
    delete from advisory_record r where r.source = begun.source and r.import_id <> begun.id;
end $$;
revoke all on function finish_advisory_import from public;

-- When something was imported last, and when was compared last: nothing where never.
create function newest_advisories() returns table (imported_at timestamptz, compared_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select (select max(i.imported_at) from advisory_import i), (select l.at from vulnerability_look l)
$$;
revoke all on function newest_advisories from public;

-- What is published of some packages.
create function find_advisories(p_sources text[], p_packages text[])
    returns table (source text, package text, id text, content jsonb, first_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select r.source, r.package, r.id, r.content, r.first_at
    from advisory_record r
    where r.source = any (p_sources) and r.package = any (p_packages)
    order by r.source, r.package, r.id
$$;
revoke all on function find_advisories from public;

-- Whom a finding concerns: the authority that its component works for alone, or all that are served.
create function concerned_by(p_scope uuid) returns setof uuid
    language sql stable set search_path = vaka, pg_temp as $$
    select a.id from authority a
    where a.kind = 'authority' and a.state = 'active' and (p_scope is null or a.id = p_scope)
$$;
revoke all on function concerned_by from public;

-- Writes that all of a case is mended, where nothing of it is open any more.
create function settle_vulnerability_case(p_case uuid, p_text text, p_at timestamptz) returns void
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if not exists (select from vulnerability_finding f where f.case_id = p_case and f.ended_at is null)
       and (select s.state from case_standing s where s.id = p_case) not in ('fixed', 'closed') then
        perform add_case_entry(p_case, 'moved', 'product', 'AMBER', null, p_text, '{"step": "fixed"}', null, p_at);
    end if;
end $$;
revoke all on function settle_vulnerability_case from public;

create function vulnerability_hits(p_findings jsonb) returns table (
    vulnerability text, advisories text[], purl text, name text, version text, authority_id uuid, severity text, basis text,
    fixed_version text, summary text, reference text, published_at timestamptz, first_at timestamptz, opening text,
    telling text)
    language sql immutable set search_path = vaka, pg_temp as $$
    select * from jsonb_to_recordset(p_findings) as h(
        vulnerability text, advisories text[], purl text, name text, version text, authority_id uuid, severity text,
        basis text, fixed_version text, summary text, reference text, published_at timestamptz, first_at timestamptz,
        opening text, telling text)
$$;
revoke all on function vulnerability_hits from public;

-- Enters a whole comparison, as scheduler: what ran, and everything of it that is hit. What was open ends when its version runs no
-- more, or when that runs and nothing published hits it any more; while nobody can say whether it does, it stays open. What is
-- still hit is as it is published now. What is hit anew becomes a finding in a case of its vulnerability and of those it concerns;
-- what is of low severity, and what nobody scored of Debian's, in one of the whole comparison; whoever is concerned and was not
-- told yet is told.
-- Returns how many began, how many ended, how many times somebody was told.
create function enter_vulnerabilities(
    p_bill bytea, p_components jsonb, p_findings jsonb, p_times jsonb, p_words jsonb, p_at timestamptz
) returns table (began bigint, ended bigint, told bigint)
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one record;
    made uuid;
    collected jsonb := '{}';
    kind text;
    words jsonb;
    found_id uuid;
    entry integer;
    severities constant text[] := array['critical', 'high', 'medium', 'low'];
begin
    began := 0;
    ended := 0;
    told := 0;
    perform pg_advisory_xact_lock(hashtextextended('vulnerabilities', 0));
    if jsonb_array_length(p_components) = 0 then
        raise exception 'something runs' using errcode = 'check_violation';
    end if;
    for one in
        select f.id, f.case_id, f.authority_id, case when runs.still then 'withdrawn' else 'gone' end as because
        from vulnerability_finding f
        cross join lateral (
            select count(*) > 0 as still, coalesce(bool_or(
                c.unassessed <> '' or exists (
                    select from vulnerability_hits(p_findings) h where h.vulnerability = f.vulnerability and h.purl = c.purl
                    and h.authority_id is not distinct from f.authority_id)), false) as stands
            from jsonb_to_recordset(p_components) as c(purl text, name text, version text, authority_id uuid, unassessed text)
            where c.name = f.name and c.version = f.version and c.authority_id is not distinct from f.authority_id) runs
        where f.ended_at is null and not runs.stands
        order by f.id
    loop
        perform pg_advisory_xact_lock(hashtextextended('case:' || one.case_id, 0));
        update vulnerability_finding f set ended_at = p_at, ended_because = one.because where f.id = one.id;
        perform ledger.append(p_at, 'vulnerability.ended', 'scheduler', 'vulnerability:' || one.id, 'success',
            jsonb_strip_nulls(jsonb_build_object('authority', one.authority_id, 'reason', one.because)));
        ended := ended + 1;
    end loop;

    -- Whoever was told of what is open is told where there is a version that mends it now, or where it is worse than was said.
    for one in
        select f.case_id, t.authority_id, string_agg(
                   h.telling || case when array_position(severities, h.severity) < array_position(severities, f.severity)
                                     then format(e'\nAllvar / Severity: %s → %s', f.severity, h.severity) else '' end,
                   e'\n' order by f.vulnerability, f.purl) as said
        from vulnerability_finding f
        join vulnerability_hits(p_findings) h on h.vulnerability = f.vulnerability and h.purl = f.purl
            and h.authority_id is not distinct from f.authority_id
        join vulnerability_told t on t.finding_id = f.id
        where f.ended_at is null
          and ((h.fixed_version <> '' and h.fixed_version <> f.fixed_version)
               or array_position(severities, h.severity) < array_position(severities, f.severity))
        group by f.case_id, t.authority_id
        order by f.case_id, t.authority_id
    loop
        perform pg_advisory_xact_lock(hashtextextended('case:' || one.case_id, 0));
        perform add_case_entry(
            one.case_id, 'noted', 'product', 'AMBER', one.authority_id,
            case when length(one.said) > 3900 then left(one.said, 3900) || e'…\n' || (p_words ->> 'more') else one.said end,
            '{}', null, p_at);
        told := told + 1;
    end loop;
    update vulnerability_finding f
    set severity = h.severity, basis = h.basis, fixed_version = h.fixed_version, advisories = h.advisories,
        summary = h.summary, reference = h.reference, published_at = h.published_at,
        fix_by = case when array_position(severities, h.severity) < array_position(severities, f.severity)
                      then least(f.fix_by, least(coalesce(h.first_at, p_at), p_at)
                                           + make_interval(hours => (p_times -> h.severity ->> 'fix')::integer))
                      else f.fix_by end
    from vulnerability_hits(p_findings) h
    where f.ended_at is null and h.vulnerability = f.vulnerability and h.purl = f.purl
      and h.authority_id is not distinct from f.authority_id
      and (f.severity, f.basis, f.fixed_version, f.advisories, f.summary, f.reference, f.published_at)
          is distinct from (h.severity, h.basis, h.fixed_version, h.advisories, h.summary, h.reference, h.published_at);

    for one in
        select h.*, case
            -- What ran already when the advisory came is known since then, however late it is looked.
            when exists (select from running_component c where c.purl = h.purl
                         and c.authority_id is not distinct from h.authority_id)
            then least(coalesce(h.first_at, p_at), p_at) else p_at end as known_at
        from vulnerability_hits(p_findings) h
        where not exists (
            select from vulnerability_finding f
            where f.vulnerability = h.vulnerability and f.purl = h.purl
              and f.authority_id is not distinct from h.authority_id
              and (f.ended_at is null or f.ended_because = 'not_affected'))
        order by h.vulnerability, array_position(severities, h.severity), h.purl
    loop
        kind := case when one.severity = 'low' then 'minor'
                     when one.basis = 'unscored' and one.purl like 'pkg:deb/%' then 'unscored' end;
        words := coalesce(p_words -> kind, jsonb_build_object('title', one.vulnerability, 'text', one.opening));
        -- A case of its own for each that is concerned alone: nobody reads in one of what another runs, or that it is mended.
        select f.case_id into made from vulnerability_finding f join security_case c on c.id = f.case_id
        where f.vulnerability = one.vulnerability and f.authority_id is not distinct from one.authority_id
          and array_position(severities, c.severity) <= array_position(severities, one.severity)
          and f.case_id in (select r.id from case_running r)
          and (select s.state from case_standing s where s.id = f.case_id) <> 'fixed'
        order by f.known_at desc limit 1;
        made := coalesce(made, (collected ->> (kind || coalesce(one.authority_id::text, '')))::uuid);
        if made is null then
            made := gen_random_uuid();
            if kind is not null then
                collected := collected || jsonb_build_object(kind || coalesce(one.authority_id::text, ''), made);
            end if;
            insert into security_case (id, kind, severity, regulated, known_at, opened_at, acknowledge_minutes,
                                       receipt_minutes, tell_minutes, fix_hours)
            select made, 'vulnerability', one.severity, false, one.known_at, p_at, t.acknowledge, t.receipt, t.tell, t.fix
            from jsonb_to_record(p_times -> one.severity) as t(acknowledge integer, receipt integer, tell integer,
                                                                fix integer);
            perform add_case_entry(made, 'opened', 'product', 'AMBER', null, words ->> 'text',
                                   jsonb_build_object('title', words ->> 'title'), null, p_at);
        end if;
        insert into vulnerability_finding (id, vulnerability, advisories, purl, name, version, authority_id, severity, basis,
                                           fixed_version, summary, reference, published_at, known_at, case_id, fix_by)
        values (gen_random_uuid(), one.vulnerability, one.advisories, one.purl, one.name, one.version, one.authority_id, one.severity,
                one.basis, one.fixed_version, one.summary, one.reference, one.published_at, one.known_at, made,
                one.known_at + make_interval(hours => (p_times -> one.severity ->> 'fix')::integer))
        returning id into found_id;
        perform ledger.append(p_at, 'vulnerability.found', 'scheduler', 'vulnerability:' || found_id, 'success',
            jsonb_strip_nulls(jsonb_build_object('authority', one.authority_id, 'vulnerability', one.vulnerability,
                                                 'purl', one.purl, 'severity', one.severity)));
        began := began + 1;
    end loop;

    -- Each authority reads of what it runs, and of nothing that only another does; one that came later is told now.
    for one in
        select f.case_id, a.id as authority_id, array_agg(f.id order by f.purl) as findings,
               string_agg(coalesce(h.telling, f.name || ' ' || f.version), e'\n' order by f.vulnerability, f.purl) as said
        from vulnerability_finding f
        cross join lateral concerned_by(f.authority_id) as a(id)
        left join vulnerability_hits(p_findings) h on h.vulnerability = f.vulnerability and h.purl = f.purl
            and h.authority_id is not distinct from f.authority_id
        where f.ended_at is null
          and not exists (select from vulnerability_told t where t.finding_id = f.id and t.authority_id = a.id)
        group by f.case_id, a.id
        order by f.case_id, a.id
    loop
        perform pg_advisory_xact_lock(hashtextextended('case:' || one.case_id, 0));
        entry := add_case_entry(
            one.case_id, case when exists (select from case_touch t where t.case_id = one.case_id
                                           and t.authority_id = one.authority_id) then 'noted' else 'touched' end,
            'product', 'AMBER', one.authority_id,
            case when length(one.said) > 3900 then left(one.said, 3900) || e'…\n' || (p_words ->> 'more') else one.said end,
            '{}', null, p_at);
        insert into vulnerability_told (finding_id, authority_id, number, told_at)
        select t.id, one.authority_id, entry, p_at from unnest(one.findings) as t(id);
        told := told + 1;
    end loop;

    for one in
        select f.case_id, string_agg(distinct p_words ->> f.ended_because, e'\n') as said
        from vulnerability_finding f where f.ended_at = p_at group by f.case_id
    loop
        perform settle_vulnerability_case(one.case_id, one.said, p_at);
    end loop;

    delete from running_component;
    insert into running_component (place, purl, name, version, ecosystem, authority_id, unassessed)
    select row_number() over (), c.purl, c.name, c.version, c.ecosystem, c.authority_id, c.unassessed
    from jsonb_to_recordset(p_components) as c(purl text, name text, version text, ecosystem text, authority_id uuid,
                                               unassessed text);
    insert into vulnerability_look (at, bill, components) values (p_at, p_bill, jsonb_array_length(p_components))
    on conflict (place) do update set at = excluded.at, bill = excluded.bill, components = excluded.components;
    return next;
end $$;
revoke all on function enter_vulnerabilities from public;

-- Says why a component is not affected, as office. It makes nothing hold. Says 'done', or why not.
create function state_vulnerability(
    p_id uuid, p_finding uuid, p_justification text, p_because text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    known vulnerability_finding;
begin
    select * into known from vulnerability_finding f where f.id = p_finding for update;
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif known.id is null or known.ended_at is not null then
        return 'gone';
    elsif p_justification = '' or length(p_because) < 3 then
        return 'unjustified';
    elsif exists (select from vulnerability_statement s where s.finding_id = p_finding and s.decided_at is null) then
        return 'waits';
    end if;
    insert into vulnerability_statement (id, finding_id, justification, because, made_by, made_at)
    values (p_id, p_finding, p_justification, p_because, p_by, p_at);
    perform ledger.append(p_at, 'vulnerability.stated', 'account:' || p_by, 'vulnerability:' || p_finding, 'success',
        jsonb_strip_nulls(jsonb_build_object('authority', known.authority_id, 'justification', p_justification)));
    return 'done';
end $$;
revoke all on function state_vulnerability from public;

-- Another person decides about it, as office: with his agreement the finding ends, and whoever was told of it is told why.
-- Whoever said it may take it back.
create function decide_vulnerability(
    p_id uuid, p_approve boolean, p_text text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said vulnerability_statement;
    known vulnerability_finding;
    one uuid;
begin
    select * into said from vulnerability_statement s where s.id = p_id for update;
    select * into known from vulnerability_finding f where f.id = said.finding_id for update;
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    elsif said.id is null or said.decided_at is not null or known.ended_at is not null then
        return 'gone';
    elsif p_approve and (p_by = said.made_by or share_a_human(p_by, p_at, said.made_by, said.made_at)) then
        return 'same';
    end if;
    update vulnerability_statement s set decided_by = p_by, decided_at = p_at, approved = p_approve where s.id = p_id;
    perform ledger.append(
        p_at, case when p_approve then 'vulnerability.accepted' else 'vulnerability.refused' end, 'account:' || p_by,
        'vulnerability:' || known.id, 'success', jsonb_strip_nulls(jsonb_build_object(
            'authority', known.authority_id, 'statement', p_id, 'justification', said.justification)));
    if p_approve then
        -- The touch was for this, and what follows is told without it.
        perform set_config('ledger.step_up', '', true);
        perform pg_advisory_xact_lock(hashtextextended('case:' || known.case_id, 0));
        update vulnerability_finding f set ended_at = p_at, ended_because = 'not_affected' where f.id = known.id;
        for one in select t.authority_id from vulnerability_told t where t.finding_id = known.id order by 1 loop
            perform add_case_entry(known.case_id, 'noted', 'supplier', 'AMBER', one, p_text, '{}', p_by, p_at);
        end loop;
        perform settle_vulnerability_case(known.case_id, '', p_at);
    end if;
    return 'done';
end $$;
revoke all on function decide_vulnerability from public;

-- What an authority was told of, as portal: when it was known, when it was told, whether somebody there has seen it, until when
-- it is to be mended, and since when it is; and what runs there now in its place.
create function list_vulnerabilities_of(p_authority uuid, p_case uuid)
    returns table (id uuid, vulnerability text, purl text, name text, version text, severity text, fixed_version text,
                   summary text, reference text, case_id uuid, known_at timestamptz, told_at timestamptz,
                   seen_at timestamptz, fix_by timestamptz, ended_at timestamptz, ended_because text, justification text,
                   because text, now_purl text, now_version text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.id, f.vulnerability, f.purl, f.name, f.version, f.severity, f.fixed_version, f.summary, f.reference, f.case_id,
           f.known_at, t.told_at,
           (select min(r.seen_at) from case_receipt r where r.case_id = f.case_id and r.number = t.number
            and r.authority_id = p_authority),
           f.fix_by, f.ended_at, f.ended_because, s.justification, s.because,
           n.purl, n.version
    from vulnerability_told t
    join vulnerability_finding f on f.id = t.finding_id
    left join vulnerability_statement s on s.finding_id = f.id and s.approved
    left join lateral (
        select r.purl, r.version from running_component r
        where r.name = f.name and r.authority_id is not distinct from f.authority_id
          and split_part(r.purl, '@', 1) = split_part(f.purl, '@', 1)
        order by r.place limit 1) n on true
    where t.authority_id = p_authority and (p_case is null or f.case_id = p_case)
    order by f.ended_at is not null, f.known_at desc, f.purl
$$;
revoke all on function list_vulnerabilities_of from public;

-- Nobody says of a vulnerability that it is mended while the version that has it runs: that follows from what runs.
alter function write_case(uuid, text, text, uuid, text, jsonb, uuid, timestamptz) rename to write_case_unhindered;
create function write_case(
    p_case uuid, p_kind text, p_tlp text, p_authority uuid, p_text text, p_facts jsonb, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('case:' || p_case, 0));
    if p_kind = 'moved' and p_facts ->> 'step' in ('fixed', 'closed') and acts_as_administrator(p_by, p_at)
       and exists (select from vulnerability_finding f where f.case_id = p_case and f.ended_at is null) then
        return 'running';
    end if;
    return write_case_unhindered(p_case, p_kind, p_tlp, p_authority, p_text, p_facts, p_by, p_at);
end $$;
revoke all on function write_case from public;

-- An authority owes a receipt for what the product tells it, too; not for that it went on to the next contact.
create or replace view case_unseen as
select o.case_id, o.authority_id, o.since,
       (select count(*) from case_entry x where x.case_id = o.case_id and x.authority_id = o.authority_id
         and x.kind = 'escalated' and x.made_at > o.since) as level
from (
    select t.case_id, t.authority_id, greatest(min(e.made_at), t.told_at) as since
    from case_touch t
    join case_entry e on e.case_id = t.case_id and is_case_shown(e, t.authority_id)
     and (e.side = 'supplier' or (e.side = 'product' and e.kind <> 'escalated'))
    where not exists (select from case_receipt r where r.case_id = e.case_id and r.number = e.number
                        and r.authority_id = t.authority_id)
    group by t.case_id, t.authority_id, t.told_at
) o;

-- Term 29: whether what runs was compared, with advisories of the last day, and whether each component could be.
create function find_stale_advisories(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with needed as (
        select distinct c.ecosystem from running_component c where c.unassessed = '' and c.ecosystem in ('PyPI', 'Debian')
    ), said_by (ecosystem, source) as (
        values ('PyPI', 'osv:PyPI'), ('Debian', 'debian'), ('Debian', 'osv:Debian')
    ), newest as (
        -- Each source whose records count, by its own age: what a fresh one says does not make another's fresh.
        select n.ecosystem, i.source, max(i.source_at) as source_at
        from needed n
        join said_by s on s.ecosystem = n.ecosystem
        join advisory_import i on i.source = s.source
        group by n.ecosystem, i.source
    )
    select null::uuid, 'missing', count(*)
    from needed n where not exists (select from newest w where w.ecosystem = n.ecosystem) having count(*) > 0
    union all
    select null, 'stale', count(*)
    from newest w where w.source_at < p_at - interval '24 hours' having count(*) > 0
    union all
    select null, 'uncompared', 1
    where not exists (select from vulnerability_look l where l.at >= p_at - interval '24 hours'
                        and l.at >= coalesce((select max(i.imported_at) from advisory_import i
                                              where i.imported_at < p_at - interval '15 minutes'), '-infinity'))
    union all
    select c.authority_id, 'unassessed', count(*) from running_component c where c.unassessed <> '' group by c.authority_id
$$;
revoke all on function find_stale_advisories from public;

-- Of each open finding, whether those concerned were told in time, and somebody there has seen it.
create function find_unseen_vulnerabilities(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with owed as (
        select a.id as authority_id, case
            when coalesce(t.told_at, p_at) > greatest(f.known_at, w.created_at) + make_interval(mins => c.tell_minutes)
                then 'untold'
            when p_at > t.told_at + make_interval(mins => c.receipt_minutes) and not exists (
                select from case_receipt r where r.case_id = f.case_id and r.number = t.number and r.authority_id = a.id)
                then 'unseen'
        end as reason
        from vulnerability_finding f
        join security_case c on c.id = f.case_id
        cross join lateral concerned_by(f.authority_id) as a(id)
        join authority w on w.id = a.id
        left join vulnerability_told t on t.finding_id = f.id and t.authority_id = a.id
        where f.ended_at is null
    )
    select o.authority_id, o.reason, count(*) from owed o where o.reason is not null group by 1, 2 order by 1, 2 desc
$$;
revoke all on function find_unseen_vulnerabilities from public;

-- What is open for longer than its severity allows, by whom it concerns.
create function find_overdue_vulnerabilities(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.authority_id, 'late', count(*)
    from vulnerability_finding f
    where f.ended_at is null and p_at > f.fix_by
    group by f.authority_id
$$;
revoke all on function find_overdue_vulnerabilities from public;
