-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What an authority asks of the supplier (terms 19 and 37): by when, what was said since, and so whose turn it is. That is
-- computed from what was said last; nothing that was said is changed or taken away, by whomever.

create table inquiry (
    id           uuid primary key,
    authority_id uuid not null references authority,
    kind         text collate "C" not null check (kind in ('evidence', 'visit', 'audit', 'other')),
    term         integer check (term between 1 and 37)
);
create index inquiry_of on inquiry (authority_id);

create table inquiry_message (
    inquiry   uuid not null references inquiry,
    number    integer not null check (number between 1 and 500),
    act       text collate "C" not null check (act in ('filed', 'answered', 'returned', 'accepted', 'withdrawn')),
    words     text not null check (length(words) between 1 and 4000),
    -- What an answer points to: an entry of a register, a document's name or mark; and the SHA-256 of the file.
    reference text not null check (length(reference) <= 200),
    sha256    text not null check (sha256 ~ '^([0-9a-f]{64})?$'),
    -- When the supplier's turn is over: said as it is asked, and again as it is sent back.
    wanted_by timestamptz check ((wanted_by is not null) = (act in ('filed', 'returned'))),
    -- SHA-256 over all of it (inquiry_digest).
    digest    text not null check (digest ~ '^[0-9a-f]{64}$'),
    made_by   uuid not null references account,
    made_at   timestamptz not null,
    primary key (inquiry, number)
);

-- Functions write these, as their owner, for the office and the portal; neither the owner nor a superuser can by a statement.
create function refuse_other_sayings() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if tg_op <> 'INSERT' or current_user <> 'vaka_owner' or session_user not in ('vaka_office', 'vaka_portal') then
        raise exception 'what was asked and answered is added by the two sides, and never changed'
            using errcode = 'insufficient_privilege';
    end if;
    return new;
end $$;
create trigger only_added before insert or update or delete on inquiry for each row execute function refuse_other_sayings();
create trigger never_emptied before truncate on inquiry for each statement execute function refuse_other_sayings();
create trigger only_added before insert or update or delete on inquiry_message
    for each row execute function refuse_other_sayings();
create trigger never_emptied before truncate on inquiry_message for each statement execute function refuse_other_sayings();

set role vaka_ledger;

-- Each side writes its own entries; each names the authority, and so is that one's alone.
alter table ledger.inbox add constraint inquiries_are_of_two_sides check (
    (event <> 'inquiry.answered' or written_by ~ '_office$')
    and (event not in ('inquiry.filed', 'inquiry.returned', 'inquiry.accepted', 'inquiry.withdrawn')
         or written_by ~ '_portal$'));

set role vaka_owner;

-- How each stands: what was said first, what last, and until when the supplier has for it; and its place in a list that
-- ends somewhere: what waits for the supplier, what waits for the authority, what is settled.
create view inquiry_standing as
select i.id, i.authority_id, i.kind, i.term, first.words, first.made_at as filed_at, first.made_by as filed_by,
       last.number, last.act, last.made_at as said_at,
       (select m.wanted_by from inquiry_message m
        where m.inquiry = i.id and m.wanted_by is not null order by m.number desc limit 1) as wanted_by,
       case when last.act in ('filed', 'returned') then 1 when last.act = 'answered' then 2 else 3 end as place
from inquiry i
join inquiry_message first on first.inquiry = i.id and first.number = 1
cross join lateral (select m.number, m.act, m.made_at from inquiry_message m
                    where m.inquiry = i.id order by m.number desc limit 1) last;

-- One authority's, as portal: what the supplier owes, by its deadline, and of the others the newest.
create function list_inquiries(p_authority uuid, p_most integer)
    returns table (id uuid, authority_id uuid, kind text, term integer, words text, filed_at timestamptz, filed_by uuid,
                   number integer, act text, said_at timestamptz, wanted_by timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.id, s.authority_id, s.kind, s.term, s.words, s.filed_at, s.filed_by, s.number, s.act, s.said_at, s.wanted_by
    from inquiry_standing s where s.authority_id = p_authority
    order by s.place, case when s.place = 1 then s.wanted_by end, s.said_at desc, s.id limit p_most
$$;
revoke all on function list_inquiries from public;

-- What was said in one of an authority's, as portal.
create function list_inquiry_messages(p_authority uuid, p_inquiries uuid[])
    returns table (inquiry uuid, number integer, act text, words text, reference text, sha256 text, wanted_by timestamptz,
                   digest text, made_by uuid, made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select m.inquiry, m.number, m.act, m.words, m.reference, m.sha256, m.wanted_by, m.digest, m.made_by, m.made_at
    from inquiry_message m join inquiry i on i.id = m.inquiry
    where i.authority_id = p_authority and m.inquiry = any (p_inquiries)
    order by m.inquiry, m.number
$$;
revoke all on function list_inquiry_messages from public;

-- Since when which authority has asked for anything of which term, as it stood at a time: what was withdrawn after it was asked
-- for then. Whatever is asked for is a matter of term 37 as well. A crisis exercise is asked for as such, and not by a question
-- about one.
create function list_asked(p_at timestamptz) returns table (authority_id uuid, term integer, since timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.authority_id, t.term, min(s.filed_at)
    from inquiry_standing s cross join lateral (values (s.term), (37)) as t (term)
    where s.filed_at <= p_at and (s.act <> 'withdrawn' or s.said_at > p_at) and t.term is not null and t.term <> 36
    group by s.authority_id, t.term
$$;
revoke all on function list_asked from public;

-- Term 37: what the supplier has not answered in time, as the functions of 0034 tell it.
create function find_overdue_inquiries(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.authority_id, 'unanswered', count(*) from inquiry_standing s
    where s.act in ('filed', 'returned') and s.wanted_by <= p_at
    group by s.authority_id
$$;
revoke all on function find_overdue_inquiries from public;

-- For which side an account speaks of an authority, in the process that asks: office for the supplier, portal for the
-- authority, null for neither.
create function speaking_side(p_account uuid, p_authority uuid, p_at timestamptz) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case
        when session_user = 'vaka_office' and acts_as_administrator(p_account, p_at) then 'office'
        when session_user = 'vaka_portal' and exists (
            select from account a join effective_grant g on g.account_id = a.id
            where a.id = p_account and a.kind = 'user' and a.state = 'active' and g.role = 'contract_officer'
              and g.authority_id = p_authority and (g.valid_until is null or g.valid_until > p_at)) then 'portal'
    end
$$;
revoke all on function speaking_side from public;

create function inquiry_digest(p_inquiry uuid, p_number integer, p_act text, p_words text, p_reference text, p_sha256 text,
                               p_wanted_by timestamptz, p_by uuid) returns text
    language sql stable set search_path = vaka, pg_temp as $$
    -- A list, so that no word can stand for the end of one and the beginning of the next.
    select encode(sha256(convert_to(jsonb_build_array('vaka inquiry message v1', p_inquiry, p_number, p_act, p_words,
        p_reference, p_sha256, to_char(p_wanted_by at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), p_by)::text, 'UTF8')),
        'hex')
$$;
revoke all on function inquiry_digest from public;

-- Adds what one side says to what was said up to p_seen (0: it is filed); as office or portal. Says 'done', or why not.
create function say_in_inquiry(
    p_inquiry uuid, p_seen integer, p_act text, p_authority uuid, p_kind text, p_term integer, p_words text,
    p_reference text, p_sha256 text, p_wanted_by timestamptz, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    asked inquiry_standing;
    side text := speaking_side(p_by, p_authority, p_at);
    hash text := inquiry_digest(p_inquiry, p_seen + 1, p_act, p_words, p_reference, p_sha256, p_wanted_by, p_by);
begin
    -- Of two that speak at the same time, the second is told that it is not what he has seen.
    perform pg_advisory_xact_lock(hashtextextended('inquiry:' || p_inquiry, 0));
    select * into asked from inquiry_standing s where s.id = p_inquiry;
    if side is null or side <> (case p_act when 'answered' then 'office' else 'portal' end) then
        return 'stranger';
    elsif p_seen > 0 and asked.authority_id is distinct from p_authority then
        return 'gone';
    elsif coalesce(asked.number, 0) <> p_seen then
        return 'changed';
    elsif asked.act in ('accepted', 'withdrawn') then
        return 'closed';
    elsif p_act in ('returned', 'accepted') and asked.act <> 'answered' then
        return 'unanswered';
    elsif p_seen >= 499 and p_act in ('answered', 'returned') then
        -- The last number is for what settles it.
        return 'many';
    elsif p_wanted_by <= p_at or p_wanted_by > p_at + interval '370 days' then
        return 'deadline';
    end if;
    if p_seen = 0 then
        if not exists (select from authority a where a.id = p_authority and a.kind = 'authority' and a.state = 'active') then
            return 'gone';
        end if;
        -- One authority's questions do not fill the list that all of them share.
        perform pg_advisory_xact_lock(hashtextextended('inquiries:' || p_authority, 0));
        if (select count(*) >= 50 from inquiry_standing s where s.authority_id = p_authority and s.place = 1) then
            return 'crowded';
        end if;
        insert into inquiry (id, authority_id, kind, term) values (p_inquiry, p_authority, p_kind, p_term);
        asked.kind := p_kind;
        asked.term := p_term;
    end if;
    insert into inquiry_message (inquiry, number, act, words, reference, sha256, wanted_by, digest, made_by, made_at)
    values (p_inquiry, p_seen + 1, p_act, p_words, p_reference, p_sha256, p_wanted_by, hash, p_by, p_at);
    perform ledger.append(
        p_at, 'inquiry.' || p_act, 'account:' || p_by, 'inquiry:' || p_inquiry, 'success', jsonb_strip_nulls(
            jsonb_build_object('authority', p_authority, 'kind', asked.kind, 'term', asked.term, 'message', p_seen + 1,
                               'digest', hash, 'wanted_by',
                               to_char(p_wanted_by at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'))));
    return 'done';
end $$;
revoke all on function say_in_inquiry from public;
