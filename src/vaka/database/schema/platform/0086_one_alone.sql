-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What one human could do alone that two have to: stand for both sides of an agreement, make a shortcoming's red go away,
-- hide an emergency that nobody reviewed, end what locks others out, close an incident that the law wants reported.

-- Whether the human behind an account is the supplier's: he has an administrator's account as well, or a role that may not be
-- held beside an approver's anywhere. By the same rows as undecided_because.
create function stands_for_supplier(p_account uuid, p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (
        select from account a join account o on o.human = a.human
        where a.id = p_account and (o.kind = 'administrator' or exists (
            select from role_grant g join role_conflict c on c.anywhere
              and (c.one, c.other) in (('access_approver', g.role), (g.role, 'access_approver'))
            where g.account_id = o.id and (g.valid_until is null or g.valid_until > p_at))))
$$;
revoke all on function stands_for_supplier from public;

-- For which side an account speaks of an authority, in the process that asks: office for the supplier, portal for the
-- authority, null for neither. Whoever is the supplier's speaks for no authority, by another account of his either.
create or replace function speaking_side(p_account uuid, p_authority uuid, p_at timestamptz) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when session_user = 'vaka_office' and acts_as_administrator(p_account, p_at) then 'office'
        when session_user = 'vaka_portal' and not stands_for_supplier(p_account, p_at) and exists (
            select from account a join effective_grant g on g.account_id = a.id
            where a.id = p_account and a.kind = 'user' and a.state = 'active' and g.role = 'contract_officer'
              and g.authority_id = p_authority and (g.valid_until is null or g.valid_until > p_at)) then 'portal'
    end
$$;

-- Enters that somebody of an authority takes a report of a year out, as portal, before it leaves. Says 'done', or why not.
-- That the supplier reads it himself is no report to the authority.
create or replace function take_report(
    p_authority uuid, p_report text, p_year integer, p_format text, p_sha256 text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if session_user <> 'vaka_portal' or stands_for_supplier(p_by, p_at) or not exists (
        select from account a join effective_grant g on g.account_id = a.id
        where a.id = p_by and a.kind = 'user' and a.state = 'active' and g.authority_id = p_authority
          and (g.valid_until is null or g.valid_until > p_at))
    then
        return 'stranger';
    elsif p_year > year_in_sweden(p_at) then
        return 'gone';
    end if;
    perform ledger.append(
        p_at, 'report.taken', 'account:' || p_by, 'authority:' || p_authority, 'success', jsonb_build_object(
            'authority', p_authority, 'report', p_report, 'year', p_year, 'format', p_format, 'sha256', p_sha256));
    insert into report_taken (authority_id, report, year, format, sha256, taken_by, taken_at)
    values (p_authority, p_report, p_year, p_format, p_sha256, p_by, p_at);
    return 'done';
end $$;

-- Nobody of the supplier's acts for an authority: what it decides about its contract, its archive and its records is its own.
alter table role_conflict disable trigger only_migrated;
insert into role_conflict (one, other, anywhere)
select least(own.role, theirs.role), greatest(own.role, theirs.role), true
from unnest(array['archivist', 'care_manager', 'contract_officer', 'records_officer']) own (role)
cross join unnest(array['administrator', 'device_technician', 'operator', 'quality_reviewer', 'shift_leader']) theirs (role);
alter table role_conflict enable trigger only_migrated;

-- Term 7: shortcomings of an authority that are past their day: when they should have been mended, or until when somebody
-- lived with them. Whoever writes one anew does so alone, so neither a later day nor other authorities than before count until a
-- second human has accepted or closed it: of the versions since then, the earliest day and everybody that one of them names.
create or replace function find_shortcomings(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with said as (
        select v.entry, v.concerned,
               (v.fields ->> case v.state when 'accepted' then 'accepted_until' else 'due' end)::date as day
        from register_version v
        where v.register = 'findings' and v.state in ('open', 'accepted')
          and v.number >= coalesce((select max(s.number) from register_version s
                                    where s.entry = v.entry and s.state in ('accepted', 'closed')), 1)
    ), past as (
        select h.entry, h.state from register_holding h
        where h.register = 'findings' and h.state in ('open', 'accepted')
          and (select min(s.day) from said s where s.entry = h.entry) < p_at::date
    )
    select null::uuid, 'missing', 1::bigint
    where not exists (select from register_holding r where r.register = 'risk-assessments' and r.state = 'in_force')
    union all
    select a.id, case when count(*) filter (where p.state = 'open') > 0 then 'late' else 'lapsed' end, count(*)
    from past p join authority a on exists (
        select from said s where s.entry = p.entry
          and (s.concerned is null or s.concerned = '{}' or a.id = any (s.concerned)))
    group by a.id
$$;

-- Emergencies that nobody else has reviewed, by the version in which each was written: what becomes of the entry afterwards
-- changes nothing of what was done. Another's approval reviews it, and that another withdraws it does.
create function list_unreviewed_emergencies() returns table (entry uuid, done date, human uuid)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select e.entry, (e.fields ->> 'done')::date, author.human
    from register_version e left join account author on author.id = e.made_by
    where e.register = 'changes' and e.content = e.number and e.fields ->> 'kind' = 'emergency' and not exists (
        select from register_version l left join account who on who.id = l.made_by
        where l.entry = e.entry and l.number > e.number
          and (l.state = 'in_force' or (l.state = 'withdrawn' and who.human is distinct from author.human)))
$$;
revoke all on function list_unreviewed_emergencies from public;

-- Term 20: emergencies that were carried out and that nobody else has reviewed within five days.
create or replace function find_unreviewed_changes(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select w.* from (
        select (select count(distinct v.entry) from register_version v where v.register = 'changes') as all,
               count(distinct u.entry) as late
        from list_unreviewed_emergencies() u
        where coalesce(u.done < (p_at - interval '5 days')::date, true)) c
    cross join lateral worst_of(c.all, 'unreviewed', c.late, 0) w
$$;

-- The registers of which what is in force ends by two: others are locked out, or asked for something, by it. The steps of their
-- declarations say so, and a test compares.
create function is_ended_by_two(p_register text) returns boolean
    language sql immutable set search_path = vaka, pg_temp as $$
    select p_register in ('courses', 'documents', 'systems')
$$;
revoke all on function is_ended_by_two from public;

-- Why one may not withdraw an entry as it stands, or null. What is in force ends when one has written a version and another
-- withdraws it; nobody withdraws an emergency of his own that nobody reviewed.
create function not_withdrawn_because(p_before register_version, p_by uuid) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when exists (select from list_unreviewed_emergencies() u where u.entry = p_before.entry and u.human = mine.human)
            then 'own'
        when not is_ended_by_two(p_before.register) or not exists (
            select from register_holding h where h.entry = p_before.entry and h.state = 'in_force') then null
        when p_before.state <> 'draft' then 'two'
        when author.human = mine.human then 'own'
    end
    from account mine left join account author on author.id = p_before.made_by
    where mine.id = p_by
$$;
revoke all on function not_withdrawn_because from public;

-- Adds a version, as office: what was written, or (p_step) that what was written goes from one state to another. Says
-- 'done', or why not.
create or replace function enter_register_version(
    p_entry uuid, p_number integer, p_register text, p_step text, p_state text, p_fields jsonb, p_concerned uuid[],
    p_by uuid, p_step_up text, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before register_version;
    written integer := p_number;
    said jsonb := p_fields;
    whose uuid[] := p_concerned;
    hindrance text;
    hash bytea;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    -- Of two that write at the same time, the second is told that it is not what he has seen.
    perform pg_advisory_xact_lock(hashtextextended('register entry:' || p_entry, 0));
    select * into before from register_version v where v.entry = p_entry order by v.number desc limit 1;
    if coalesce(before.number, 0) <> p_number - 1 then
        return 'changed';
    elsif before.state = 'withdrawn' or before.register <> p_register or (before.entry is null and p_step <> '') then
        return 'gone';
    elsif p_step = '' and p_state not in ('draft', 'noted', 'open') then
        return 'second';
    elsif p_step <> '' then
        written := before.content;
        said := before.fields;
        whose := before.concerned;
        if p_state in ('in_force', 'accepted', 'closed') and exists (
            select from register_version w join account author on author.id = w.made_by
            join account mine on mine.human = author.human
            where w.entry = p_entry and w.number = written and mine.id = p_by)
        then
            return 'own';
        end if;
        if p_state = 'withdrawn' then
            hindrance := not_withdrawn_because(before, p_by);
            if hindrance is not null then
                return hindrance;
            end if;
        end if;
    end if;
    hash := register_digest(p_entry, p_number, p_register, p_state, said, whose, p_by);
    perform ledger.append(
        p_at, case p_step when '' then 'register.entered' else 'register.moved' end, 'account:' || p_by,
        'register_entry:' || p_entry, 'success', jsonb_strip_nulls(jsonb_build_object(
            'register', p_register, 'version', p_number, 'state', p_state, 'digest', encode(hash, 'hex'),
            'before', case when p_step <> '' then encode(before.digest, 'hex') end, 'step_up', p_step_up)));
    insert into register_version (entry, number, register, state, fields, concerned, content, digest, made_by, made_at)
    values (p_entry, p_number, p_register, p_state, said, whose, written, hash, p_by, p_at);
    return 'done';
end $$;

-- Nobody says of a vulnerability that it is mended while the version that has it runs: that follows from what runs. Nor that
-- what the law wants reported need not be.
create or replace function write_case(
    p_case uuid, p_kind text, p_tlp text, p_authority uuid, p_text text, p_facts jsonb, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    perform pg_advisory_xact_lock(hashtextextended('case:' || p_case, 0));
    if p_kind = 'moved' and p_facts ->> 'step' in ('fixed', 'closed') and acts_as_administrator(p_by, p_at)
       and exists (select from vulnerability_finding f where f.case_id = p_case and f.ended_at is null) then
        return 'running';
    elsif p_kind = 'moved' and p_facts ->> 'step' = 'closed' and p_facts ->> 'report' = 'not_required'
       and acts_as_administrator(p_by, p_at)
       and exists (select from security_case c where c.id = p_case and c.regulated) then
        return 'regulated';
    end if;
    return write_case_unhindered(p_case, p_kind, p_tlp, p_authority, p_text, p_facts, p_by, p_at);
end $$;

-- Term 34: cases that are past a time of theirs, as each authority that one touches sees it; one that touches nobody yet, and
-- was opened for an alert in an authority's log, as that authority; of any other that touches none, everybody. What the law wants
-- reported is owed by a case that is closed, too.
create or replace function find_late_cases(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with late as (
        select s.id, case
            when r.id is not null and s.state = 'open'
                 and p_at > s.opened_at + make_interval(mins => s.acknowledge_minutes) then 'unanswered'
            when s.regulated and ((p_at > s.known_at + interval '24 hours' and not '24h' = any (s.reports))
                               or (p_at > s.known_at + interval '72 hours' and not '72h' = any (s.reports))
                               or (p_at > s.known_at + interval '1 month' and not 'month' = any (s.reports)))
                then 'unreported'
            when r.id is not null and s.fixed_at is null and p_at > s.known_at + make_interval(hours => s.fix_hours)
                then 'unfixed'
        end as reason
        from case_standing s left join case_running r on r.id = s.id
        where r.id is not null or s.regulated
    ), told as (
        select coalesce(t.authority_id, d.authority_id) as authority_id, l.reason, l.id
        from late l left join case_touch t on t.case_id = l.id left join detection_alert d on d.case_id = l.id
        where l.reason is not null
        union all
        select t.authority_id, 'untold', s.id from case_standing s join case_touch t on t.case_id = s.id
        where s.id in (select r.id from case_running r) and t.told_at > s.known_at + make_interval(mins => s.tell_minutes)
    )
    select told.authority_id, min(told.reason), count(distinct told.id) from told group by told.authority_id
$$;

-- What was refused lately of one authority's, as portal; of all, as office. The firm by what was approved last.
create or replace function list_refused_exchanges(p_authority uuid)
    returns table (authority_id uuid, partner uuid, firm text, at timestamptz, reason text, size integer, sha256 bytea,
                   times integer)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select m.authority_id, m.partner,
           (select v.fields ->> 'firm' from register_version v where v.entry = m.partner and v.state = 'in_force'
            order by v.number desc limit 1),
           m.at, m.reason, m.size, m.sha256, m.times
    from exchange_message m
    where m.reason is not null
      and (m.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office'))
    order by m.at desc, m.id limit 100
$$;

-- One look at one requirement, and what is otherwise than it was. What is said of one authority is compared with what held for it,
-- of itself or of all: a look that says the same of each as once of all has an end to show by.
create or replace function enter_look(
    p_requirement text, p_at timestamptz, p_clock text, p_every interval, p_found jsonb, p_unseen uuid[]
) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    number bigint;
    one record;
    before observation;
    seen timestamptz;
    gap boolean;
    changed bigint := 0;
begin
    -- Of two that look at the same time, the second sees what the first entered.
    perform pg_advisory_xact_lock(hashtextextended('look:' || p_requirement, 0));
    insert into look (requirement, looked_at, clock, digest, unseen)
    values (p_requirement, p_at, p_clock, sha256(convert_to(p_found::text, 'UTF8')), p_unseen)
    returning id into number;
    for one in select * from jsonb_to_recordset(p_found) as f (authority uuid, reason text, things bigint)
    loop
        select o.* into before from observation o
        where o.requirement = p_requirement and o.look_id < number
          and (one.authority is null or o.authority_id is null or o.authority_id = one.authority)
        order by o.look_id desc limit 1;
        -- The newest before this one, by order and not by time: a clock that was set back has looked all the same.
        seen := (select l.looked_at from look l
                 where l.requirement = p_requirement and l.id < number
                   and (one.authority is null or not one.authority = any (l.unseen))
                 order by l.id desc limit 1);
        gap := before.look_id is null or p_at - seen not between -p_every and p_every;
        continue when not gap and before.authority_id is not distinct from one.authority
                  and (before.reason, before.things) = (one.reason, one.things);
        insert into observation (look_id, requirement, authority_id, met, reason, things)
        values (number, p_requirement, one.authority, one.things = 0, one.reason, one.things);
        -- How many things are wrong may change at every look; the log is told when it is otherwise, and of what.
        if gap or before.authority_id is distinct from one.authority or before.reason <> one.reason then
            perform ledger.append(
                p_at, 'evidence.changed', substring(session_user from '[a-z]+$'), 'requirement:' || p_requirement,
                'success', jsonb_strip_nulls(jsonb_build_object('authority', one.authority, 'reason', one.reason,
                                                                'count', one.things, 'look', number)));
        end if;
        changed := changed + 1;
    end loop;
    return changed;
end $$;

-- Term 37: auditors whose access has no end, or one too far away. Where an authority has no auditor, there is nothing that could
-- be wrong, and nothing that is right either.
create or replace function find_endless_auditors(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select g.authority_id, 'endless', count(*)
    from role_grant g
    where g.role = 'auditor' and coalesce(g.valid_until > p_at + interval '366 days', true)
    group by g.authority_id
    union all
    select a.id, 'nothing', 0 from authority a
    where not exists (select from role_grant g where g.role = 'auditor' and g.authority_id = a.id)
$$;

-- Term 37: what was frozen or drawn and is not what it was; and what was drawn and is gone. Where nothing was, as above.
create or replace function find_changed_samples(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.authority_id, 'changed', count(*)
    from audit_population p join audit a on a.id = p.audit left join audit_sample s on s.population = p.id
    where audit_population_sha256(p.id) <> p.sha256 or audit_sample_sha256(p.id, s.seed) <> s.sha256
       or exists (select from audit_drawn(p.id, s.seed) d where audit_item_sha256(p.source, d.item) is null
                    and p.source not in (select t.source from audit_source t where t.events is not null))
    group by a.authority_id
    union all
    select w.id, 'nothing', 0 from authority w
    where not exists (select from audit_population p join audit a on a.id = p.audit where a.authority_id = w.id)
$$;

-- ── A term that is met no more is told of at once (terms 7 and 34) ─────────────────────────────────────────────────────

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('evidence.changed', 'terms');
alter table notice_event enable trigger only_migrated;

-- Both sides are told when what was met is so no more, such as when an acceptance has lapsed: whoever it concerns, and the
-- supplier at its reception. Of the same requirement once a day: what comes and goes stands on the board meanwhile. What was never
-- met did not turn.
create function write_evidence_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with told as (
        select a.id from authority a
        where a.kind = 'authority' and a.state = 'active'
          and a.id::text = coalesce(new.detail ->> 'authority', a.id::text)
          and (select o.met from observation o
               where 'requirement:' || o.requirement = new.object and o.look_id < (new.detail ->> 'look')::bigint
                 and (o.authority_id = a.id or o.authority_id is null)
               order by o.look_id desc limit 1)
    ), written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select w.id, w.kind, new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = w.id), 15))
        from (select t.id, 'terms' as kind from told t
              union all
              select own_reception(), 'terms_own' where own_reception() is not null and exists (select from told)) w
        where not exists (select from notice n where n.authority_id = w.id and n.kind = w.kind and n.object = new.object
                            and n.happened_at > new.happened_at - interval '24 hours')
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_evidence_notices from public;

reset role;

create trigger evidence_told_of after insert on ledger.inbox for each row
    when (new.event = 'evidence.changed' and new.outcome = 'success' and (new.detail ->> 'count')::bigint > 0
          and new.detail ->> 'reason' <> 'not_yet')
    execute function vaka.write_evidence_notices();
