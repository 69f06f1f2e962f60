-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An authority's own rules (term 5): it publishes them in its portal, and whoever of the supplier's works for it reads and
-- acknowledges each version. Versions are added and never changed. What is published is of that authority alone: it is
-- shown to nobody who does not work for it.

create table authority_rule (
    rule         uuid not null,
    number       integer not null check (number between 1 and 1000),
    authority_id uuid not null references authority,
    title        text not null check (title ~ '\S' and length(title) <= 120),
    -- What is to be read here: the rule itself, or what of it matters and where the rest is kept.
    words        text not null check (words ~ '\S' and length(words) <= 4000),
    -- SHA-256 of the file that is kept elsewhere, if there is one.
    file         bytea check (octet_length(file) = 32),
    holds_from   timestamptz not null,
    -- SHA-256 over all of it (rule_digest).
    digest       bytea not null check (octet_length(digest) = 32),
    published_by uuid not null references account,
    published_at timestamptz not null,
    check (holds_from >= published_at),
    primary key (rule, number)
);
create index authority_rule_of on authority_rule (authority_id, rule, number desc);

-- Who has opened which version: nobody acknowledges what he has not.
create table authority_rule_opening (
    rule       uuid not null,
    number     integer not null,
    account_id uuid not null references account,
    opened_at  timestamptz not null,
    primary key (rule, number, account_id),
    foreign key (rule, number) references authority_rule (rule, number)
);

create table authority_rule_acknowledgement (
    rule       uuid not null,
    number     integer not null,
    account_id uuid not null references account,
    made_at    timestamptz not null,
    primary key (rule, number, account_id),
    foreign key (rule, number, account_id) references authority_rule_opening (rule, number, account_id)
);
create index authority_rule_acknowledgement_of on authority_rule_acknowledgement (account_id, rule, number);

-- Each side writes its own through functions, which write as their owner; neither the owner nor a superuser can by a statement.
create function refuse_other_rules() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole
          and g.rolname = any (case tg_table_name when 'authority_rule' then array['g_portal']
                               else array['g_desk', 'g_office'] end))
    then
        raise exception 'what an authority rules is published in its portal, and read at desks and in the office'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
do $$
declare
    guarded text;
begin
    foreach guarded in array array['authority_rule', 'authority_rule_opening', 'authority_rule_acknowledgement'] loop
        execute format('create trigger only_added before insert or update or delete on %I '
                       'for each row execute function refuse_other_rules()', guarded);
        execute format('create trigger never_emptied before truncate on %I '
                       'for each statement execute function refuse_other_rules()', guarded);
    end loop;
end $$;

set role vaka_ledger;

alter table ledger.inbox add constraint rules_are_the_authoritys
    check (case event when 'rule.published' then written_by ~ '_portal$'
                      when 'rule.opened' then written_by ~ '_(desk|office)$'
                      when 'rule.acknowledged' then written_by ~ '_(desk|office)$'
                      else true end);

set role vaka_owner;

create function rule_digest(
    p_rule uuid, p_number integer, p_authority uuid, p_title text, p_words text, p_file bytea, p_from timestamptz
) returns bytea
    language sql stable set search_path = vaka, pg_temp as $$
    -- A list, so that no word can stand for the end of one and the beginning of the next.
    select sha256(convert_to(jsonb_build_array('vaka authority rule v1', p_rule, p_number, p_authority, p_title, p_words,
                                               encode(p_file, 'hex'), tell_moment(p_from))::text, 'UTF8'))
$$;
revoke all on function rule_digest from public;

-- The accounts of the supplier's that reach an authority, and since when: those with a role there that is not of the
-- authority's own (p_roles), and administrators, who reach all.
create function list_rule_readers(p_authority uuid, p_roles text[], p_at timestamptz)
    returns table (account_id uuid, human uuid, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select a.id, a.human, min(g.granted_at)
    from effective_grant g join account a on a.id = g.account_id
    where g.authority_id = p_authority and a.state = 'active' and not g.role = any (p_roles)
      and (g.valid_until is null or g.valid_until > p_at)
    group by a.id, a.human
    union all
    select a.id, a.human, a.created_at from account a
    where a.kind = 'administrator' and acts_as_administrator(a.id, p_at)
$$;
revoke all on function list_rule_readers from public;

-- Who has acknowledged which version so that it counts: that one or a newer one, before one that is newer than it held. Who
-- has read what comes has not to read what it replaces.
create view authority_rule_acknowledged as
select a.human, v.rule, v.number
from authority_rule_acknowledgement k
join account a on a.id = k.account_id
join authority_rule v on v.rule = k.rule and v.number <= k.number
where not exists (
    select from authority_rule n where n.rule = v.rule and n.number > v.number and n.holds_from <= k.made_at);

create function is_rule_acknowledged(p_rule uuid, p_number integer, p_human uuid) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from authority_rule_acknowledged k
                   where k.rule = p_rule and k.number = p_number and k.human = p_human)
$$;
revoke all on function is_rule_acknowledged from public;

-- Publishes a version, as portal: the first of a rule, or the one after the newest. Says 'done', or why not.
create function publish_rule(
    p_rule uuid, p_number integer, p_authority uuid, p_title text, p_words text, p_file bytea, p_from timestamptz, p_by uuid,
    p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_by, 'contract_officer', p_authority, p_at);
    hash bytea := rule_digest(p_rule, p_number, p_authority, p_title, p_words, p_file, p_from);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    -- Of two that publish at the same time, the second is told that it is not what he has seen.
    perform pg_advisory_xact_lock(hashtextextended('authority rule:' || p_rule, 0));
    if exists (select from authority_rule r where r.rule = p_rule and r.authority_id <> p_authority) then
        return 'gone';
    elsif p_number <> 1 + coalesce((select max(r.number) from authority_rule r where r.rule = p_rule), 0) then
        return 'changed';
    elsif p_number > 1000 then
        return 'many';
    elsif p_from < (select max(r.holds_from) from authority_rule r where r.rule = p_rule) then
        return 'early';
    end if;
    perform ledger.append(
        p_at, 'rule.published', 'account:' || p_by, 'rule:' || p_rule, 'success', jsonb_build_object(
            'authority', p_authority, 'version', p_number, 'digest', encode(hash, 'hex'), 'from', tell_moment(p_from)));
    insert into authority_rule (rule, number, authority_id, title, words, file, holds_from, digest, published_by, published_at)
    values (p_rule, p_number, p_authority, p_title, p_words, p_file, p_from, hash, p_by, p_at);
    return 'done';
end $$;
revoke all on function publish_rule from public;

-- What an authority has published, as portal: every version, and of those who reach the authority now how many have
-- acknowledged it while it was the newest. Numbers, and no names.
create function list_published_rules(p_authority uuid, p_roles text[], p_at timestamptz)
    returns table (rule uuid, number integer, title text, words text, file bytea, holds_from timestamptz, digest bytea,
                   published_at timestamptz, readers bigint, acknowledged bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with humans as materialized (select distinct r.human from list_rule_readers(p_authority, p_roles, p_at) r)
    select v.rule, v.number, v.title, v.words, v.file, v.holds_from, v.digest, v.published_at,
           (select count(*) from humans),
           (select count(*) from humans h where is_rule_acknowledged(v.rule, v.number, h.human))
    from authority_rule v
    where v.authority_id = p_authority
    order by v.rule, v.number desc
$$;
revoke all on function list_published_rules from public;

-- The authorities that an account reaches in the process that asks: at the desk those where it has a role, in the office
-- all, as an administrator.
create function list_reached(p_account uuid, p_roles text[], p_at timestamptz) returns table (authority_id uuid)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select distinct g.authority_id from account a join effective_grant g on g.account_id = a.id
    where session_user = 'vaka_desk' and a.id = p_account and a.kind = 'user' and a.state = 'active'
      and not g.role = any (p_roles) and (g.valid_until is null or g.valid_until > p_at)
    union all
    select w.id from authority w where session_user = 'vaka_office' and (select acts_as_administrator(p_account, p_at))
$$;
revoke all on function list_reached from public;

create function reads_rules_of(p_account uuid, p_authority uuid, p_roles text[], p_at timestamptz) returns boolean
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select exists (select from list_reached(p_account, p_roles, p_at) r where r.authority_id = p_authority)
$$;
revoke all on function reads_rules_of from public;

-- Of each rule of the authorities that an account reaches the newest version and, where that does not hold yet, the one
-- that does; as desk or office, without their words. Whether he has opened it, and whether he has acknowledged it.
create function list_rules_to_read(p_account uuid, p_roles text[], p_at timestamptz)
    returns table (rule uuid, number integer, authority_id uuid, authority text, title text, holds_from timestamptz,
                   opened boolean, acknowledged boolean)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select v.rule, v.number, v.authority_id, w.name, v.title, v.holds_from,
           exists (select from authority_rule_opening o
                   where o.rule = v.rule and o.number = v.number and o.account_id = p_account),
           exists (select from authority_rule_acknowledged k
                   where k.rule = v.rule and k.number = v.number and k.human = mine.human)
    from list_reached(p_account, p_roles, p_at) reached
    join authority w on w.id = reached.authority_id and w.state = 'active'
    join account mine on mine.id = p_account
    join authority_rule v on v.authority_id = w.id
    where not exists (select from authority_rule n where n.rule = v.rule and n.number > v.number
                      and (v.holds_from > p_at or n.holds_from <= p_at))
    order by w.name, v.holds_from, v.rule, v.number
$$;
revoke all on function list_rules_to_read from public;

-- Opens a version, as desk or office, and remembers who did. Nothing where the account does not reach the authority.
create function open_rule(p_rule uuid, p_number integer, p_account uuid, p_roles text[], p_at timestamptz)
    returns table (authority_id uuid, authority text, title text, words text, file bytea, holds_from timestamptz, digest bytea,
                   newest integer, replaced boolean, acknowledged boolean)
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    shown authority_rule;
begin
    select * into shown from authority_rule v where v.rule = p_rule and v.number = p_number;
    if shown.rule is null or not reads_rules_of(p_account, shown.authority_id, p_roles, p_at) then
        return;
    end if;
    insert into authority_rule_opening (rule, number, account_id, opened_at)
    values (p_rule, p_number, p_account, p_at) on conflict do nothing;
    if found then
        perform ledger.append(
            p_at, 'rule.opened', 'account:' || p_account, 'rule:' || p_rule, 'success', jsonb_build_object(
                'authority', shown.authority_id, 'version', p_number, 'digest', encode(shown.digest, 'hex')));
    end if;
    return query
        select shown.authority_id, (select w.name from authority w where w.id = shown.authority_id), shown.title, shown.words,
               shown.file, shown.holds_from, shown.digest, (select max(n.number) from authority_rule n where n.rule = p_rule),
               exists (select from authority_rule n
                       where n.rule = p_rule and n.number > p_number and n.holds_from <= p_at),
               exists (select from authority_rule_acknowledgement k
                       join account a on a.id = k.account_id join account mine on mine.human = a.human
                       where k.rule = p_rule and k.number = p_number and mine.id = p_account);
end $$;
revoke all on function open_rule from public;

-- Says of a version that one has read and follows it, as desk or office. Of one that another has replaced it is kept, and
-- does not count. Says 'done', or why not.
create function acknowledge_rule(
    p_rule uuid, p_number integer, p_digest bytea, p_account uuid, p_roles text[], p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    shown authority_rule;
begin
    select * into shown from authority_rule v where v.rule = p_rule and v.number = p_number;
    if shown.rule is null or not reads_rules_of(p_account, shown.authority_id, p_roles, p_at) then
        return 'gone';
    elsif shown.digest <> p_digest or not exists (
        select from authority_rule_opening o
        where o.rule = p_rule and o.number = p_number and o.account_id = p_account)
    then
        return 'unread';
    end if;
    insert into authority_rule_acknowledgement (rule, number, account_id, made_at)
    values (p_rule, p_number, p_account, p_at) on conflict do nothing;
    if found then
        perform ledger.append(
            p_at, 'rule.acknowledged', 'account:' || p_account, 'rule:' || p_rule, 'success', jsonb_build_object(
                'authority', shown.authority_id, 'version', p_number, 'digest', encode(shown.digest, 'hex')));
    end if;
    return 'done';
end $$;
revoke all on function acknowledge_rule from public;

-- Since when an authority has rules of its own; null where it has none, and asks for nothing (term 5).
create function rules_since(p_authority uuid) returns timestamptz
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select min(v.published_at) from authority_rule v where v.authority_id = p_authority
$$;
revoke all on function rules_since from public;

-- Term 5: people who reach an authority and are late with its rules. One has until p_grace after a version held, or after
-- one began to reach the authority; a newer version gives nobody more time who had not acknowledged the one before.
create function find_unread_rules(p_roles text[], p_grace interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with held as materialized (
        select v.rule, v.authority_id, max(v.number) as number from authority_rule v
        where v.holds_from <= p_at group by v.rule, v.authority_id
    ), readers as materialized (
        select w.authority_id, r.human, min(r.since) as since
        from (select distinct h.authority_id from held h) w
        cross join lateral list_rule_readers(w.authority_id, p_roles, p_at) r
        group by w.authority_id, r.human
    )
    select h.authority_id, 'unread', count(distinct r.human)
    from held h join readers r using (authority_id)
    where not is_rule_acknowledged(h.rule, h.number, r.human) and exists (
        select from authority_rule v
        where v.rule = h.rule and v.number <= h.number and greatest(v.holds_from, r.since) + p_grace <= p_at
          and not is_rule_acknowledged(v.rule, v.number, r.human))
    group by h.authority_id
$$;
revoke all on function find_unread_rules from public;
