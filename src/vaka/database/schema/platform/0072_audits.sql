-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Audits and visits (terms 37 and 19): an authority asks, both sides agree to exactly the same, it begins and ends by itself,
-- and an auditor's role is worth something within it alone. What is sampled was frozen first, and is drawn by a seed that the
-- log gives afterwards. Who may do what is looked at here too, as with crisis exercises.

create table audit (
    id               uuid primary key,
    authority_id     uuid not null references authority,
    kind             text collate "C" not null check (kind in ('audit', 'visit')),
    -- The scope: whose pages the auditors open, and what they draw samples of.
    terms            integer[] not null check (cardinality(terms) between 1 and 37 and 1 <= all (terms) and 37 >= all (terms)),
    -- The hall that a visit is to.
    site             uuid,
    about            text not null check (length(about) between 1 and 1000),
    -- The time that is looked at.
    looks_from       timestamptz not null,
    looks_until      timestamptz not null check (looks_until > looks_from),
    -- The accounts that audit; their roles are given as any role is.
    auditors         uuid[] not null check (cardinality(auditors) <= 20),
    -- When it is, as it was proposed last, and by which side.
    starts_at        timestamptz not null,
    ends_at          timestamptz not null check (ends_at > starts_at and ends_at - starts_at <= interval '366 days'),
    proposed_by      text not null check (proposed_by in ('office', 'portal')),
    words            text check (length(words) between 1 and 1000),
    asked_by         uuid not null references account,
    asked_at         timestamptz not null,
    -- When the supplier owes an answer, and how long it has for one.
    answer_by        timestamptz not null,
    answer_within    interval not null,
    -- What both agreed to (audit_digest).
    agreed_digest    text check (agreed_digest ~ '^[0-9a-f]{64}$'),
    agreed_at        timestamptz,
    withdrawn_at     timestamptz,
    -- Null also where it ended by itself.
    ended_at         timestamptz,
    -- How often the authority has said that what was agreed on was not held.
    missed           integer not null default 0 check (missed between 0 and 1000),
    -- How often the supplier has answered with another time.
    moved            integer not null default 0 check (moved >= 0),
    closed_at        timestamptz,
    check ((kind = 'audit') = (cardinality(auditors) > 0)),
    check (kind = 'visit' or site is null),
    check ((agreed_at is null) = (agreed_digest is null))
);
create index audit_of on audit (authority_id, asked_at);

create table audit_finding (
    id       uuid primary key,
    audit    uuid not null references audit,
    finding  text not null check (length(finding) between 1 and 1000),
    noted_by uuid not null references account,
    noted_at timestamptz not null,
    -- The shortcoming in the register that it became, with owner and day; or why it became none.
    entry    uuid,
    motive   text check (length(motive) between 1 and 500),
    check (num_nonnulls(entry, motive) <= 1)
);
create index audit_finding_of on audit_finding (audit, noted_at);

-- What can be frozen, and of which terms.
create table audit_source (
    source text collate "C" primary key check (source ~ '^[a-z]+(-[a-z]+)*$'),
    terms  integer[] not null,
    -- accounts; register: the versions of the register of that name; otherwise entries of the platform's log of these events.
    events text[]
);
insert into audit_source (source, terms, events) values
    ('accounts', '{8,12,13,14}', null),
    ('role-changes', '{2,9,14}', '{role.granted,role.revoked,role.requested,role.approved,role.refused}'),
    ('sessions', '{3,10,12,15}', '{session.started}'),
    ('commands', '{14,17,20}', '{command.run}'),
    ('changes', '{20,22,33}', null), ('documents', '{1,3,5,18}', null), ('findings', '{7}', null),
    ('risk-assessments', '{7}', null), ('sites', '{19}', null), ('subcontractors', '{4}', null),
    ('systems', '{7}', null), ('processes', '{1}', null);

create table audit_population (
    id        uuid primary key,
    audit     uuid not null references audit,
    source    text not null references audit_source,
    items     integer not null check (items between 1 and 20000),
    -- How many are drawn: said before anybody knows which.
    wanted    integer not null check (wanted between 1 and 200),
    -- SHA-256 over every item, in order, with what it was.
    sha256    text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    frozen_by uuid not null references account,
    frozen_at timestamptz not null,
    -- The entry that tells of it: the seed is a checkpoint that came after.
    entry     bigint not null
);
create index audit_population_of on audit_population (audit, frozen_at);

create table audit_item (
    population uuid not null references audit_population,
    item       text collate "C" not null check (length(item) between 1 and 100),
    sha256     text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    primary key (population, item)
);

create table audit_sample (
    population uuid primary key references audit_population,
    -- The checkpoint that gave the seed: its size, and the SHA-256 of its own words.
    checkpoint bigint not null,
    seed       text not null check (seed ~ '^[0-9a-f]{64}$'),
    -- SHA-256 over what was drawn, in the order it was drawn.
    sha256     text not null check (sha256 ~ '^[0-9a-f]{64}$'),
    drawn_at   timestamptz not null
);

create function refuse_other_audits() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op not in ('INSERT', case when tg_table_name in ('audit', 'audit_finding') then 'UPDATE' else 'INSERT' end)
       or current_user <> 'vaka_owner'
       or session_user not in ('vaka_portal', case when tg_table_name in ('audit', 'audit_finding') then 'vaka_office' end)
    then
        raise exception 'what becomes of an audit is written in the office and the portal, and never removed'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
do $$
declare
    guarded text;
begin
    foreach guarded in array array['audit', 'audit_finding', 'audit_population', 'audit_item', 'audit_sample'] loop
        execute format('create trigger only_by_the_two before insert or update or delete on %I for each row '
                       'execute function refuse_other_audits()', guarded);
        execute format('create trigger never_emptied before truncate on %I for each statement '
                       'execute function refuse_other_audits()', guarded);
    end loop;
end $$;

-- What an auditor has drawn is not removed, as long as the sample stands; what he then sees is that it is gone or changed.
create function refuse_to_lose_what_was_drawn() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if exists (select from audit_item i join audit_sample s using (population) join audit_population p on p.id = s.population
               where p.source = 'accounts' and i.item = old.id::text)
    then
        raise exception 'an auditor has drawn it' using errcode = 'restrict_violation', constraint = 'drawn_by_an_auditor';
    end if;
    return old;
end $$;
create trigger kept_for_auditors before delete on account for each row execute function refuse_to_lose_what_was_drawn();

set role vaka_ledger;

alter table ledger.inbox add constraint audits_are_of_office_and_portal
    check (event not like 'audit.%' or written_by ~ '_(office|portal)$');

-- Entries of some kinds that concern an authority, in the time that is looked at, each with what it is.
create function ledger.audited(p_authority uuid, p_events text[], p_from timestamptz, p_until timestamptz, p_most integer)
    returns table (item text, sha256 text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select c.index::text, encode(sha256(c.leaf), 'hex')
    from concerning(p_authority, p_from, p_until, (select h.size from head h), p_events, null, null, null, null, null, null,
                    p_most) c
    where c.leaf is not null
$$;
revoke all on function ledger.audited from public;

-- What some of them are now; none for what is gone.
create function ledger.standing_of(p_items text[]) returns table (item text, sha256 text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select e.index::text, encode(sha256(e.leaf), 'hex') from log_entry e where e.index = any (p_items::bigint[])
$$;
revoke all on function ledger.standing_of from public;

-- The first checkpoint over an entry that stays: its size, and the SHA-256 of its own words.
create function ledger.first_over(p_entry bigint) returns table (size bigint, sha256 text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select c.size, encode(sha256(convert_to(own_words(c.note), 'UTF8')), 'hex')
    from checkpoint c join log_entry e on e.id = p_entry
    where c.size > e.index and is_first_of_minute(c)
    order by c.size limit 1
$$;
revoke all on function ledger.first_over from public;

grant execute on function ledger.audited, ledger.standing_of, ledger.first_over to vaka_owner;

set role vaka_owner;

-- What both agree to: this, and no other.
create function audit_digest(p_one audit) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(jsonb_build_array('vaka audit v1', p_one.id, p_one.kind, p_one.terms, p_one.site, p_one.about,
        extract(epoch from p_one.looks_from)::bigint, extract(epoch from p_one.looks_until)::bigint, p_one.auditors,
        extract(epoch from p_one.starts_at)::bigint, extract(epoch from p_one.ends_at)::bigint)::text, 'UTF8')), 'hex')
$$;
revoke all on function audit_digest from public;

-- Whether the supplier owes an answer.
create function audit_owes_answer(p_one audit) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_one.withdrawn_at is null and p_one.closed_at is null and p_one.agreed_at is null and p_one.proposed_by = 'portal'
$$;
revoke all on function audit_owes_answer from public;

-- What an account may act by: every grant that holds, but an auditor's within an audit alone that names him and that both
-- agreed to as it stands, for its terms, from its beginning to its end.
create view usable_grant as
    select g.account_id, g.role, g.authority_id, g.valid_until, null::timestamptz as begins_at, null::integer[] as terms
    from effective_grant g where not is_time_boxed(g.role)
    union all
    select g.account_id, g.role, g.authority_id, least(g.valid_until, a.ends_at, a.ended_at),
           greatest(a.starts_at, a.agreed_at), a.terms
    from effective_grant g
    join audit a on a.authority_id = g.authority_id and g.account_id = any (a.auditors)
    where is_time_boxed(g.role) and a.withdrawn_at is null and a.agreed_digest = audit_digest(a);

-- Whether an audit of an account's has ended and none goes on: his session is over too. As portal.
create function is_audited_out(p_account uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from audit a where p_account = any (a.auditors) and a.agreed_at is not null
                                         and least(a.ends_at, a.ended_at) <= p_at)
       and not exists (select from usable_grant g where g.account_id = p_account and coalesce(g.begins_at <= p_at, true)
                                                    and coalesce(g.valid_until > p_at, true))
$$;
revoke all on function is_audited_out from public;

-- Whether somebody audits just now, in the portal.
create function is_auditing(p_by uuid, p_one audit, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select session_user = 'vaka_portal' and p_by = any (p_one.auditors) and exists (
        select from effective_grant g join account a on a.id = g.account_id
        where g.account_id = p_by and is_time_boxed(g.role) and g.authority_id = p_one.authority_id and a.state = 'active'
          and coalesce(g.valid_until > p_at, true))
      and p_one.withdrawn_at is null and p_one.agreed_digest = audit_digest(p_one) and p_one.starts_at <= p_at
      and least(p_one.ends_at, p_one.ended_at) > p_at
$$;
revoke all on function is_auditing from public;

create function list_audits(p_authority uuid, p_id uuid)
    returns table (id uuid, authority_id uuid, kind text, terms integer[], site uuid, about text, looks_from timestamptz,
                   looks_until timestamptz, auditors uuid[], starts_at timestamptz, ends_at timestamptz, proposed_by text,
                   words text, asked_at timestamptz, answer_by timestamptz, agreed_at timestamptz, withdrawn_at timestamptz,
                   ended_at timestamptz, missed integer, moved integer, closed_at timestamptz, digest text,
                   owes_answer boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, a.authority_id, a.kind, a.terms, a.site, a.about, a.looks_from, a.looks_until, a.auditors, a.starts_at,
           a.ends_at, a.proposed_by, a.words, a.asked_at, a.answer_by, a.agreed_at, a.withdrawn_at, a.ended_at, a.missed,
           a.moved, a.closed_at, audit_digest(a), audit_owes_answer(a)
    from audit a
    where (a.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
      and (p_id is null or a.id = p_id)
    order by coalesce(a.withdrawn_at, a.closed_at) is not null, case when audit_owes_answer(a) then a.answer_by end,
             a.asked_at desc, a.id desc
    limit 200
$$;
revoke all on function list_audits from public;

create function list_audit_findings(p_authority uuid, p_audits uuid[])
    returns table (id uuid, audit uuid, finding text, noted_at timestamptz, entry uuid, motive text, title text, due text,
                   state text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select f.id, f.audit, f.finding, f.noted_at, f.entry, f.motive, h.fields ->> 'title', h.fields ->> 'due', h.state
    from audit_finding f join audit a on a.id = f.audit
    left join register_holding h on h.entry = f.entry and h.register = 'findings'
    where a.id = any (p_audits) and (a.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
    order by f.audit, f.noted_at, f.id
$$;
revoke all on function list_audit_findings from public;

-- Who audits for an authority, or is to: whoever was given the role. As portal.
create function list_auditors(p_authority uuid) returns table (account_id uuid, display_name text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select distinct a.id, a.display_name from role_grant g join account a on a.id = g.account_id
    where g.authority_id = p_authority and g.role = 'auditor' and a.state = 'active' order by a.display_name, a.id limit 100
$$;
revoke all on function list_auditors from public;

-- The halls in the supplier's register that an authority is shown, by their names: a visit is to one of them. As portal.
create function list_audited_sites(p_authority uuid) returns table (entry uuid, title text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select h.entry, coalesce(h.fields ->> 'title', '–') from register_holding h
    join register_showing s on s.register = h.register and s.authority_id = p_authority and s.how = 'entries'
    where h.register = 'sites' and (h.concerned is null or p_authority = any (h.concerned)) order by 2, 1 limit 100
$$;
revoke all on function list_audited_sites from public;

create function enter_audit(p_event text, p_one audit, p_by uuid, p_at timestamptz, p_detail jsonb) returns bigint
    language sql security definer set search_path = vaka, pg_temp as $$
    select ledger.append(p_at, p_event, 'account:' || p_by, 'audit:' || p_one.id, 'success',
                         jsonb_strip_nulls(p_detail || jsonb_build_object('authority', p_one.authority_id)))
$$;
revoke all on function enter_audit from public;

-- Whether it can be then: from the day that is now on, within a year from it, and for a year at most.
create function are_audit_times(p_starts timestamptz, p_ends timestamptz, p_at timestamptz) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_starts > p_at - interval '1 day' and p_starts <= p_at + interval '366 days'
       and p_ends > greatest(p_starts, p_at) and p_ends - p_starts <= interval '366 days'
$$;
revoke all on function are_audit_times from public;

-- Asks for one, as portal. Says 'done', or why not; as the functions below.
create function ask_audit(
    p_id uuid, p_authority uuid, p_kind text, p_terms integer[], p_site uuid, p_about text, p_from timestamptz,
    p_until timestamptz, p_auditors uuid[], p_starts timestamptz, p_ends timestamptz, p_answer_by timestamptz, p_by uuid,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    made audit;
begin
    if speaking_side(p_by, p_authority, p_at) is distinct from 'portal' then
        return 'stranger';
    elsif not are_audit_times(p_starts, p_ends, p_at) or p_until <= p_from then
        return 'times';
    elsif p_answer_by <= p_at or p_answer_by > p_at + interval '370 days' then
        return 'deadline';
    elsif (p_kind = 'audit') <> (cardinality(p_auditors) > 0) or exists (
        select from unnest(p_auditors) as u (account)
        where not exists (select from list_auditors(p_authority) l where l.account_id = u.account)) then
        return 'auditors';
    elsif p_site is not null and not exists (select from list_audited_sites(p_authority) s where s.entry = p_site) then
        return 'site';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('audits:' || p_authority, 0));
    if (select count(*) >= 20 from audit a
        where a.authority_id = p_authority and a.withdrawn_at is null and a.closed_at is null) then
        return 'crowded';
    end if;
    insert into audit (id, authority_id, kind, terms, site, about, looks_from, looks_until, auditors, starts_at, ends_at,
                       proposed_by, asked_by, asked_at, answer_by, answer_within)
    values (p_id, p_authority, p_kind, p_terms, p_site, p_about, p_from, p_until, p_auditors, p_starts, p_ends,
            'portal', p_by, p_at, p_answer_by, p_answer_by - p_at)
    returning * into made;
    perform enter_audit('audit.asked', made, p_by, p_at, jsonb_build_object('kind', p_kind, 'sha256', audit_digest(made)));
    return 'done';
end $$;
revoke all on function ask_audit from public;

-- Finds one for somebody who changes it, and holds it until that is done. Of another authority there is none.
create function hold_audit(p_id uuid, p_sides text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one audit;
begin
    select * into one from audit a where a.id = p_id for update;
    return case
        when one.id is null then 'gone'
        when coalesce(speaking_side(p_by, one.authority_id, p_at) <> all (string_to_array(p_sides, ' ')), true) then 'stranger'
        when one.withdrawn_at is not null or one.closed_at is not null then 'gone'
        else 'done' end;
end $$;
revoke all on function hold_audit from public;

-- Agrees to exactly what the other side proposed, as office or portal.
create function agree_audit(p_id uuid, p_sha256 text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_audit(p_id, 'office portal', p_by, p_at);
    one audit;
begin
    select * into one from audit a where a.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.agreed_at is not null or one.proposed_by = speaking_side(p_by, one.authority_id, p_at) then
        return 'gone';
    elsif audit_digest(one) <> p_sha256 then
        return 'changed';
    elsif one.ends_at <= p_at then
        return 'times';
    end if;
    update audit set agreed_digest = p_sha256, agreed_at = p_at where id = p_id;
    perform enter_audit('audit.agreed', one, p_by, p_at, jsonb_build_object('sha256', p_sha256));
    return 'done';
end $$;
revoke all on function agree_audit from public;

-- Proposes another time, with a reason, as office or portal. The other side then agrees, or proposes another. The supplier's
-- time runs on: to propose buys it none. When the authority answers, it has three days at least, or what it had first if less.
create function propose_audit(
    p_id uuid, p_starts timestamptz, p_ends timestamptz, p_words text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_audit(p_id, 'office portal', p_by, p_at);
    one audit;
    side text;
begin
    select * into one from audit a where a.id = p_id;
    side := speaking_side(p_by, one.authority_id, p_at);
    if said <> 'done' then
        return said;
    elsif one.agreed_at is not null then
        return 'gone';
    elsif not are_audit_times(p_starts, p_ends, p_at) then
        return 'times';
    end if;
    update audit a set starts_at = p_starts, ends_at = p_ends, words = p_words,
        proposed_by = side, moved = one.moved + (side = 'office')::integer,
        answer_by = case when side = 'portal' and one.proposed_by = 'office'
            then greatest(one.answer_by, p_at + least(one.answer_within, interval '3 days')) else one.answer_by end
    where a.id = p_id returning * into one;
    perform enter_audit('audit.proposed', one, p_by, p_at, jsonb_build_object('sha256', audit_digest(one)));
    return 'done';
end $$;
revoke all on function propose_audit from public;

-- Takes a request back before it has begun, as portal.
create function withdraw_audit(p_id uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_audit(p_id, 'portal', p_by, p_at);
    one audit;
begin
    select * into one from audit a where a.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.agreed_at is not null and one.starts_at <= p_at then
        return 'gone';
    end if;
    update audit set withdrawn_at = p_at where id = p_id;
    perform enter_audit('audit.withdrawn', one, p_by, p_at, '{}');
    return 'done';
end $$;
revoke all on function withdraw_audit from public;

-- Ends one before its day, as portal: the supplier ends no audit of itself.
create function end_audit(p_id uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_audit(p_id, 'portal', p_by, p_at);
    one audit;
begin
    select * into one from audit a where a.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.agreed_at is null or one.starts_at > p_at or least(one.ended_at, one.ends_at) <= p_at then
        return 'gone';
    end if;
    update audit set ended_at = p_at where id = p_id;
    perform enter_audit('audit.ended', one, p_by, p_at, '{}');
    return 'done';
end $$;
revoke all on function end_audit from public;

-- Says, once it is over, whether it was held, as portal. What was not is owed anew, in as long a time.
create function close_audit(p_id uuid, p_held boolean, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    said text := hold_audit(p_id, 'portal', p_by, p_at);
    one audit;
begin
    select * into one from audit a where a.id = p_id;
    if said <> 'done' then
        return said;
    elsif one.agreed_at is null or least(one.ended_at, one.ends_at) > p_at then
        return 'gone';
    end if;
    if p_held then
        update audit set closed_at = p_at where id = p_id;
    else
        update audit set agreed_at = null, agreed_digest = null, ended_at = null, proposed_by = 'portal', missed = missed + 1,
            answer_by = p_at + answer_within where id = p_id;
    end if;
    perform enter_audit('audit.closed', one, p_by, p_at, jsonb_build_object('was_held', p_held));
    return 'done';
end $$;
revoke all on function close_audit from public;

-- Writes down what was found, as whoever audits or speaks for the authority.
create function note_audit_finding(p_finding_id uuid, p_id uuid, p_finding text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one audit;
begin
    select * into one from audit a where a.id = p_id for update;
    if one.id is null then
        return 'gone';
    elsif not is_auditing(p_by, one, p_at) and speaking_side(p_by, one.authority_id, p_at) is distinct from 'portal' then
        return 'stranger';
    elsif one.agreed_at is null or one.starts_at > p_at or one.withdrawn_at is not null then
        return 'gone';
    elsif (select count(*) >= 200 from audit_finding f where f.audit = p_id) then
        return 'many';
    end if;
    insert into audit_finding (id, audit, finding, noted_by, noted_at) values (p_finding_id, p_id, p_finding, p_by, p_at);
    perform enter_audit('audit.found', one, p_by, p_at, jsonb_build_object('finding', p_finding_id));
    return 'done';
end $$;
revoke all on function note_audit_finding from public;

-- Says which shortcoming with an owner and a day a finding became, or why none, as office.
create function settle_audit_finding(p_finding_id uuid, p_entry uuid, p_motive text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one audit;
begin
    select a.* into one from audit a join audit_finding f on f.audit = a.id where f.id = p_finding_id for update of f;
    if one.id is null then
        return 'gone';
    elsif speaking_side(p_by, one.authority_id, p_at) is distinct from 'office' then
        return 'stranger';
    elsif num_nonnulls(p_entry, p_motive) <> 1 then
        return 'either';
    elsif p_entry is not null and not exists (
        select from register_holding h
        where h.entry = p_entry and h.register = 'findings' and coalesce(h.fields ->> 'owner', '') <> ''
          and coalesce(h.fields ->> 'due', '') <> '' and (h.concerned is null or one.authority_id = any (h.concerned)))
    then
        return 'finding';
    end if;
    update audit_finding set entry = p_entry, motive = p_motive where id = p_finding_id;
    perform enter_audit('audit.settled', one, p_by, p_at, jsonb_build_object(
        'finding', p_finding_id, 'entry', p_entry, 'how', case when p_entry is null then 'motive' else 'action' end));
    return 'done';
end $$;
revoke all on function settle_audit_finding from public;

-- What one item is now; null where it is gone.
create function audit_item_sha256(p_source text, p_item text) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when p_source = 'accounts' then (
            select encode(sha256(convert_to(jsonb_build_array(
                a.id, a.human, a.kind, a.state, a.display_name, extract(epoch from a.created_at),
                extract(epoch from a.ends_at))::text, 'UTF8')), 'hex')
            from account a where a.id = p_item::uuid)
        when (select s.events from audit_source s where s.source = p_source) is not null then (
            select l.sha256 from ledger.standing_of(array[p_item]) l)
        else (
            select encode(sha256(convert_to(to_jsonb(v)::text, 'UTF8')), 'hex') from register_version v
            where v.register = p_source and v.entry = split_part(p_item, '/', 1)::uuid
              and v.number = split_part(p_item, '/', 2)::integer)
        end
$$;

-- What there is of a source, each with what it is: who has or had a role with the authority; versions in a register that it
-- is shown; entries of the platform's log that concern it.
create function audit_items(p_one audit, p_source text) returns table (item text, sha256 text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select i.item, i.sha256 from (
        select a.id::text, audit_item_sha256(p_source, a.id::text)
        from account a where p_source = 'accounts' and a.created_at < p_one.looks_until
          and exists (select from role_grant g where g.account_id = a.id and g.authority_id = p_one.authority_id)
        union all
        select v.entry || '/' || v.number, audit_item_sha256(p_source, v.entry || '/' || v.number)
        from register_version v
        join register_showing s on s.register = v.register and s.authority_id = p_one.authority_id and s.how = 'entries'
        where v.register = p_source and v.made_at >= p_one.looks_from and v.made_at < p_one.looks_until
          and (v.concerned is null or p_one.authority_id = any (v.concerned))
        union all
        select l.item, l.sha256
        from audit_source s
        cross join lateral ledger.audited(p_one.authority_id, s.events, p_one.looks_from, p_one.looks_until, 20001) l
        where s.source = p_source and s.events is not null
    ) as i (item, sha256)
$$;
revoke all on function audit_items, audit_item_sha256 from public;

-- Over every item of a population, in order.
create function audit_population_sha256(p_population uuid) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(i.item || ' ' || i.sha256, e'\n' order by i.item), ''), 'UTF8')), 'hex')
    from audit_item i where i.population = p_population
$$;
revoke all on function audit_population_sha256 from public;

-- What a seed draws of a population: whatever comes first by the hash of both.
create function audit_drawn(p_population uuid, p_seed text) returns table (place bigint, item text, sha256 text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select row_number() over (order by sha256(convert_to(p_seed || ' ' || i.item, 'UTF8')), i.item), i.item, i.sha256
    from audit_item i where i.population = p_population
    order by 1 limit (select p.wanted from audit_population p where p.id = p_population)
$$;
revoke all on function audit_drawn from public;

create function audit_sample_sha256(p_population uuid, p_seed text) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(coalesce(string_agg(d.item || ' ' || d.sha256, e'\n' order by d.place), ''), 'UTF8')), 'hex')
    from audit_drawn(p_population, p_seed) d
$$;
revoke all on function audit_sample_sha256 from public;

-- Freezes what there is of a source, as whoever audits; how many are to be drawn is said with it.
create function freeze_audit_population(
    p_population uuid, p_id uuid, p_source text, p_wanted integer, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one audit;
    hash text;
    there integer;
    number bigint;
begin
    select * into one from audit a where a.id = p_id for update;
    if one.id is null then
        return 'gone';
    elsif not is_auditing(p_by, one, p_at) then
        return 'stranger';
    elsif not exists (select from audit_source s where s.source = p_source and s.terms && one.terms) then
        return 'scope';
    elsif (select count(*) >= 100 from audit_population p where p.audit = p_id) then
        return 'many';
    end if;
    there := (select count(*) from audit_items(one, p_source));
    if there = 0 then
        return 'nothing';
    elsif there > 20000 then
        return 'large';
    end if;
    hash := (select encode(sha256(convert_to(string_agg(i.item || ' ' || i.sha256, e'\n' order by i.item collate "C"), 'UTF8')),
                           'hex') from audit_items(one, p_source) i);
    number := enter_audit('audit.frozen', one, p_by, p_at, jsonb_build_object(
        'population', p_population, 'drawn_from', p_source, 'items', there, 'wanted', p_wanted, 'sha256', hash));
    insert into audit_population (id, audit, source, items, wanted, sha256, frozen_by, frozen_at, entry)
    values (p_population, p_id, p_source, there, p_wanted, hash, p_by, p_at, number);
    insert into audit_item (population, item, sha256) select p_population, i.item, i.sha256 from audit_items(one, p_source) i;
    return 'done';
end $$;
revoke all on function freeze_audit_population from public;

-- Draws the sample, as whoever audits. The seed is the first signed checkpoint over the entry that froze it: nobody knew it
-- then, and nobody chooses it now.
create function draw_audit_sample(p_population uuid, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    frozen audit_population;
    one audit;
    over record;
    hash text;
begin
    select * into frozen from audit_population p where p.id = p_population;
    select * into one from audit a where a.id = frozen.audit for update;
    if one.id is null then
        return 'gone';
    elsif not is_auditing(p_by, one, p_at) then
        return 'stranger';
    elsif exists (select from audit_sample s where s.population = p_population) then
        return 'drawn';
    end if;
    select * into over from ledger.first_over(frozen.entry);
    if over.size is null then
        return 'unsealed';
    end if;
    hash := audit_sample_sha256(p_population, over.sha256);
    insert into audit_sample (population, checkpoint, seed, sha256, drawn_at)
    values (p_population, over.size, over.sha256, hash, p_at);
    perform enter_audit('audit.drawn', one, p_by, p_at, jsonb_build_object(
        'population', p_population, 'size', over.size, 'seed', over.sha256, 'sha256', hash));
    return 'done';
end $$;
revoke all on function draw_audit_sample from public;

-- The populations of some audits of one authority, as portal, and whether each still is what it was.
create function list_audit_populations(p_authority uuid, p_audits uuid[])
    returns table (id uuid, audit uuid, source text, items integer, wanted integer, sha256 text, frozen_at timestamptz,
                   checkpoint bigint, seed text, sample_sha256 text, drawn_at timestamptz, stands boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select p.id, p.audit, p.source, p.items, p.wanted, p.sha256, p.frozen_at, s.checkpoint, s.seed, s.sha256, s.drawn_at,
           audit_population_sha256(p.id) = p.sha256
           and coalesce(audit_sample_sha256(p.id, s.seed) = s.sha256, true)
    from audit_population p join audit a on a.id = p.audit left join audit_sample s on s.population = p.id
    where a.id = any (p_audits) and a.authority_id = p_authority
    order by p.audit, p.frozen_at, p.id
$$;
revoke all on function list_audit_populations from public;

-- What was drawn of some, in order, each with what it is now: null where it is gone. As portal.
create function list_audit_drawn(p_authority uuid, p_populations uuid[])
    returns table (population uuid, place bigint, item text, sha256 text, now_sha256 text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select p.id, d.place, d.item, d.sha256, audit_item_sha256(p.source, d.item)
    from audit_population p join audit a on a.id = p.audit join audit_sample s on s.population = p.id
    cross join lateral audit_drawn(p.id, s.seed) d
    where p.id = any (p_populations) and a.authority_id = p_authority
    order by p.id, d.place
$$;
revoke all on function list_audit_drawn from public;

-- Which authorities have asked, and since when, by term, as it stood at a time: an audit or a visit is a matter of term 37.
create function list_asked_audits(p_at timestamptz) returns table (authority_id uuid, term integer, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.authority_id, 37, min(a.asked_at) from audit a
    where a.asked_at <= p_at and (a.withdrawn_at is null or a.withdrawn_at > p_at)
    group by a.authority_id
$$;
revoke all on function list_asked_audits from public;

-- Term 37 (and a visit by term 19): what the supplier has not answered in time, questions and requests alike.
create function find_unanswered_audits(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select o.authority_id, 'unanswered', sum(o.things)::bigint
    from (select i.authority_id, i.things from find_overdue_inquiries(p_at) i
          union all
          select a.authority_id, 1 from audit a where audit_owes_answer(a) and a.answer_by < p_at) o
    group by o.authority_id
$$;
revoke all on function find_unanswered_audits from public;

-- Term 37: what was frozen or drawn and is not what it was; and what was drawn and is gone.
create function find_changed_samples(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.authority_id, 'changed', count(*)
    from audit_population p join audit a on a.id = p.audit left join audit_sample s on s.population = p.id
    where audit_population_sha256(p.id) <> p.sha256 or audit_sample_sha256(p.id, s.seed) <> s.sha256
       or exists (select from audit_drawn(p.id, s.seed) d where audit_item_sha256(p.source, d.item) is null
                    and p.source not in (select t.source from audit_source t where t.events is not null))
    group by a.authority_id
$$;
revoke all on function find_changed_samples from public;

reset role;
