-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- That an authority has verified its own log (term 26): what its log reviewer reports of it, and what becomes of that. Whether the
-- log really has such a checkpoint, the portal looks up in the authority's own database before.

create table log_check (
    id           uuid primary key,
    authority_id uuid not null references authority,
    result       text collate "C" not null check (result in ('verified', 'wrong')),
    -- The checkpoint that was verified: how many entries, and the root in hexadecimal. Where something is wrong there may be none.
    size         bigint check (size > 0),
    root         text check (root ~ '^[0-9a-f]{64}$'),
    -- Whether the log's own tree had that root at that size when it was reported.
    agrees       boolean not null,
    -- What the reviewer had: what the verifier printed, a checkpoint that was kept, or the two numbers.
    means        text collate "C" not null check (means in ('verifier', 'checkpoint', 'numbers', 'none')),
    -- How many of the log's witnesses had signed it.
    witnesses    integer not null check (witnesses between 0 and 100),
    -- What is wrong, in the reviewer's words and the verifier's; empty where nothing is.
    words        text not null check (length(words) <= 2000),
    checked_at   timestamptz not null,
    -- SHA-256 over all of it (log_check_digest).
    digest       text not null check (digest ~ '^[0-9a-f]{64}$'),
    made_by      uuid not null references account,
    made_at      timestamptz not null,
    check ((size is null) = (root is null) and (size is null) = (means = 'none')),
    check ((result = 'wrong') = (words <> '')),
    check (result = 'wrong' or (size is not null and agrees))
);
create index log_check_of on log_check (authority_id, made_at);

create trigger only_added before insert or update or delete on log_check for each row execute function refuse_other_sayings();
create trigger never_emptied before truncate on log_check for each statement execute function refuse_other_sayings();

alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('log.doubted', 'log_check');
alter table notice_event enable trigger only_migrated;

set role vaka_ledger;
alter table ledger.inbox add constraint logs_are_verified_by_their_authorities
    check (event not in ('log.verified', 'log.doubted') or written_by ~ '_portal$');
set role vaka_owner;

create function log_check_digest(p_id uuid, p_authority uuid, p_result text, p_size bigint, p_root text, p_means text,
                                 p_witnesses integer, p_words text, p_checked_at timestamptz) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    select encode(sha256(convert_to(jsonb_build_array('vaka log check v1', p_id, p_authority, p_result, p_size, p_root, p_means,
        p_witnesses, p_words, to_char(p_checked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))::text, 'UTF8')), 'hex')
$$;
revoke all on function log_check_digest from public;

-- Keeps what a log reviewer of the authority reports, as portal. Says 'done', or why not.
create function report_log_check(
    p_id uuid, p_authority uuid, p_result text, p_size bigint, p_root text, p_agrees boolean, p_means text,
    p_witnesses integer, p_words text, p_checked_at timestamptz, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hash text := log_check_digest(p_id, p_authority, p_result, p_size, p_root, p_means, p_witnesses, p_words,
                                 p_checked_at);
begin
    if undecided_because(p_by, 'log_reviewer', p_authority, p_at) is not null or not exists (
        select from effective_grant g
        where g.account_id = p_by and g.role = 'log_reviewer' and g.authority_id = p_authority
          and (g.valid_until is null or g.valid_until > p_at))
    then
        return 'stranger';
    elsif p_checked_at > p_at or p_checked_at < p_at - interval '92 days' then
        return 'when';
    elsif p_result = 'verified' and exists (
        select from log_check c where c.authority_id = p_authority and c.result = 'wrong'
          and (c.checked_at >= p_checked_at or (c.agrees and c.size > p_size)))
    then
        -- What was well before something was found wrong, or of fewer entries, says nothing of what was found.
        return 'before';
    end if;
    insert into log_check (id, authority_id, result, size, root, agrees, means, witnesses, words, checked_at, digest, made_by,
                           made_at)
    values (p_id, p_authority, p_result, p_size, p_root, p_agrees, p_means, p_witnesses, p_words, p_checked_at, hash, p_by, p_at);
    perform ledger.append(
        p_at, case p_result when 'verified' then 'log.verified' else 'log.doubted' end, 'account:' || p_by, 'log_check:' || p_id,
        'success', jsonb_strip_nulls(jsonb_build_object(
            'authority', p_authority, 'size', p_size, 'root', p_root, 'agrees', p_agrees, 'means', p_means, 'witnesses', p_witnesses, 'digest', hash,
            'checked_at', to_char(p_checked_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))));
    return 'done';
end $$;
revoke all on function report_log_check from public;

-- What was reported of one authority's log, as portal; of all (null), as office. The newest first.
create function list_log_checks(p_authority uuid, p_most integer)
    returns table (id uuid, authority_id uuid, result text, size bigint, root text, agrees boolean, means text,
                   witnesses integer, words text, checked_at timestamptz, digest text, made_by uuid, made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select c.id, c.authority_id, c.result, c.size, c.root, c.agrees, c.means, c.witnesses, c.words,
           c.checked_at, c.digest, c.made_by, c.made_at
    from log_check c
    where c.authority_id = p_authority or (p_authority is null and session_user = 'vaka_office')
    order by c.made_at desc, c.id desc limit p_most
$$;
revoke all on function list_log_checks from public;

-- Term 26: what the newest report of each authority says; 'wrong' until the authority itself reports that all is well again.
create function find_unverified_logs(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, case when n.result = 'wrong' then 'wrong' when n.result is null then 'missing' else 'overdue' end, 1::bigint
    from authority a
    left join lateral (select c.result, c.checked_at from log_check c
                       where c.authority_id = a.id and c.made_at <= p_at
                       order by c.made_at desc, c.id desc limit 1) n on true
    where a.kind = 'authority' and a.state = 'active'
      and (n.result is distinct from 'verified' or n.checked_at + p_every <= p_at)
$$;
revoke all on function find_unverified_logs from public;

-- As in 0058; whoever has once reported what came of verifying its log is owed that it stays so, without asking in words.
create or replace function list_asked(p_at timestamptz) returns table (authority_id uuid, term integer, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.authority_id, t.term, min(s.filed_at)
    from inquiry_standing s cross join lateral (values (s.term), (37)) as t (term)
    where s.filed_at <= p_at and (s.act <> 'withdrawn' or s.said_at > p_at) and t.term is not null and t.term <> 36
    group by s.authority_id, t.term
    union all
    select c.authority_id, 26, min(c.made_at) from log_check c where c.made_at <= p_at group by c.authority_id
$$;

-- That something is wrong is told to both sides at once: to the authority, and to the supplier's reception. An entry that somebody
-- wrote without the row tells nobody anything.
create function write_log_check_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select w.id, w.kind, new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = w.id), 15))
        from log_check c
        cross join lateral (select c.authority_id as id, 'log_check' as kind
                            union all
                            select own_reception(), 'log_check_own' where own_reception() is not null) w
        where 'log_check:' || c.id = new.object
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_log_check_notices from public;

reset role;

create trigger log_checks_told_of after insert on ledger.inbox for each row
    when (new.event = 'log.doubted' and new.outcome = 'success')
    execute function vaka.write_log_check_notices();

-- ── Populations out of an authority's own log (term 37) ──────────────────────────────────────────────────────────────

set role vaka_owner;

-- It has events, though none of the platform's: what each item is now, the portal finds in the authority's own database.
insert into audit_source (source, terms, events) values ('own-log', '{25,26}', '{}');

-- As in 0072, but for what is not in this database.
create or replace function audit_item_sha256(p_source text, p_item text) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when p_source = 'own-log' then null
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

-- Freezes entries of the authority's own log, as whoever audits: each an event and the entry's place in the log, with the hash by
-- which the log's tree holds it. The portal has read them; whoever has the log finds out whether these are all, and these.
create function freeze_audit_log(
    p_population uuid, p_id uuid, p_event text, p_items text[], p_sha256 text[], p_size bigint, p_wanted integer, p_by uuid,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    one audit;
    hash text;
    number bigint;
begin
    select * into one from audit a where a.id = p_id for update;
    if one.id is null then
        return 'gone';
    elsif not is_auditing(p_by, one, p_at) then
        return 'stranger';
    elsif not exists (select from audit_source s where s.source = 'own-log' and s.terms && one.terms) then
        return 'scope';
    elsif (select count(*) >= 100 from audit_population p where p.audit = p_id) then
        return 'many';
    elsif coalesce(cardinality(p_items), 0) = 0 then
        return 'nothing';
    elsif cardinality(p_items) > 20000 then
        return 'large';
    elsif cardinality(p_items) <> cardinality(p_sha256)
       or exists (select from unnest(p_items) i where i !~ '^[a-z_]+\.[a-z_]+/[0-9]{1,15}$' or split_part(i, '/', 1) <> p_event)
    then
        raise exception 'an item is an event and a place in the log' using errcode = 'check_violation';
    end if;
    hash := (select encode(sha256(convert_to(string_agg(i.item || ' ' || i.sha256, e'\n' order by i.item collate "C"), 'UTF8')),
                           'hex') from unnest(p_items, p_sha256) as i (item, sha256));
    number := enter_audit('audit.frozen', one, p_by, p_at, jsonb_build_object(
        'population', p_population, 'drawn_from', 'own-log', 'event', p_event, 'size', p_size,
        'items', cardinality(p_items), 'wanted', p_wanted, 'sha256', hash));
    insert into audit_population (id, audit, source, items, wanted, sha256, frozen_by, frozen_at, entry)
    values (p_population, p_id, 'own-log', cardinality(p_items), p_wanted, hash, p_by, p_at, number);
    insert into audit_item (population, item, sha256)
    select p_population, i.item, i.sha256 from unnest(p_items, p_sha256) as i (item, sha256);
    return 'done';
end $$;
revoke all on function freeze_audit_log from public;

reset role;
