-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- From where administrators work, and that it is checked (term 3): a session of the office from a network that no register has is ended. Nobody's
-- address is kept, only which entry of the register has it.

set role vaka_ledger;

-- Whose session it is every authority knows already.
insert into ledger.concern (event, whose) values ('session.placed', 'actor');
alter table ledger.inbox add constraint sessions_are_placed_in_the_office
    check (event <> 'session.placed' or written_by ~ '_office$');

set role vaka_owner;

-- Where a session was seen: in which network of the register, or (null) in none.
create table session_place (
    session_id uuid not null references session (id),
    place      text not null check (place in ('site', 'remote', 'refused')),
    network    uuid check (place <> 'site' or network is not null),
    placed_at  timestamptz not null,
    unique nulls not distinct (session_id, place, network)
);
create trigger only_added before insert or update or delete on session_place
    for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on session_place for each statement execute function refuse_other_entries();

-- A network as a field of the register has it; null for what is none.
create function network_of(p_text text) returns cidr
    language plpgsql immutable set search_path = vaka, pg_temp as $$
begin
    return p_text::cidr;
exception when data_exception then
    return null;
end $$;
revoke all on function network_of from public;

-- The networks from which administrators may work at a time: in force, as two wrote them in the office, and not expired.
create function list_networks(p_at timestamptz) returns table (entry uuid, network cidr, place text)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with held as materialized (
        select h.entry, h.number, network_of(h.fields ->> 'network') as network, h.fields ->> 'place' as place
        from register_holding h
        where h.register = 'networks' and h.state = 'in_force'
          and (h.fields ->> 'valid_until')::date >= (p_at at time zone 'Europe/Stockholm')::date
    )
    select h.entry, h.network, h.place from held h
    where h.network is not null and h.place in ('site', 'remote') and stands_as_written(h.entry, h.number)
    order by h.network, h.entry
$$;
revoke all on function list_networks from public;

-- Says, as office, where a session of an administrator's is: 'site', 'remote', or 'refused', which ends it. Before a network
-- is in force, and when none is any more, everybody comes in and counts as remote: who could mend it is not locked out. An
-- emergency is opened from wherever the two are. What is seen for the first time is entered.
create function place_session(p_session uuid, p_address inet, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    who uuid;
    entry_of uuid;
    said text;
begin
    select s.account_id into who
    from session s where s.id = p_session and s.realm = 'administrator' and s.ended_at is null;
    if who is null then
        return 'refused';
    end if;
    -- The narrowest that has it, and of two alike what is less trusted.
    select n.entry, n.place into entry_of, said from list_networks(p_at) n where n.network >>= p_address
    order by masklen(n.network) desc, n.place, n.entry limit 1;
    if said is null then
        said := case when exists (select from break_glass b where b.session_id = p_session)
                       or not exists (select from list_networks(p_at)) then 'remote' else 'refused' end;
    end if;
    insert into session_place (session_id, place, network, placed_at) values (p_session, said, entry_of, p_at)
    on conflict do nothing;
    if found then
        perform ledger.append(
            p_at, 'session.placed', 'account:' || who, 'session:' || p_session,
            case said when 'refused' then 'failure' else 'success' end,
            jsonb_strip_nulls(jsonb_build_object('location', said, 'network', 'register_entry:' || entry_of)));
    end if;
    if said = 'refused' then
        perform ledger.append(p_at, 'session.ended', 'account:' || who, 'session:' || p_session, 'success',
                              jsonb_build_object('reason', 'unregistered_network'));
        update session s set ended_at = p_at where s.id = p_session and s.ended_at is null;
    end if;
    return said;
end $$;
revoke all on function place_session from public;

-- Term 3: no network is in force; or within a day a session was let in from none of them, or worked without having been
-- placed: what asks from where it comes has stopped. What two custodians opened has a review of its own (term 14).
create function find_remote_paths(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with seen as materialized (
        select s.id, u.used_at
        from session s join session_use u on u.session_id = s.id
        where s.realm = 'administrator' and u.used_at > p_at - interval '1 day'
          and not exists (select from break_glass b where b.session_id = s.id)
    ), found as (
        select 1 as place, 'empty' as reason, case when exists (select from list_networks(p_at)) then 0 else 1 end as things
        union all
        select 2, 'outside', count(*) from seen v
        where exists (select from session_place p
                      where p.session_id = v.id and p.network is null and p.place <> 'refused'
                        and p.placed_at > p_at - interval '1 day')
        union all
        -- A session is placed a moment after it was used.
        select 3, 'unplaced', count(*) from seen v
        where v.used_at < p_at - interval '2 minutes'
          and not exists (select from session_place p where p.session_id = v.id)
    )
    select null::uuid, f.reason, f.things from found f where f.things > 0 order by f.place limit 1
$$;
revoke all on function find_remote_paths from public;

-- ── The check of remote work: drawn by the system, by what nobody can choose, and gone through by somebody else ──────────

create table remote_draw (
    id         uuid primary key,
    -- The first day of the quarter that it is about.
    quarter    date not null,
    -- The first is drawn once; each further one has its reason.
    number     integer not null check (number > 0),
    reason     text check ((reason is null) = (number = 1) and reason ~ '\S' and length(reason) <= 500),
    -- Under which checkpoint of the log, the first one a minute after the quarter or later, and what follows from that.
    checkpoint bigint not null,
    seed       bytea not null check (octet_length(seed) = 32),
    -- How many sessions it was drawn from.
    population integer not null check (population >= 0),
    drawn_by   uuid not null references account,
    drawn_at   timestamptz not null,
    unique (quarter, number)
);
create table remote_drawn (
    draw       uuid not null references remote_draw,
    session_id uuid not null,
    rank       integer not null check (rank > 0),
    account_id uuid not null references account,
    primary key (draw, session_id),
    unique (draw, rank)
);
create table remote_check (
    draw       uuid not null,
    session_id uuid not null,
    deviates   boolean not null,
    note       text not null check (note = '' or (note ~ '\S' and length(note) <= 500)),
    made_by    uuid not null references account,
    made_at    timestamptz not null,
    primary key (draw, session_id),
    foreign key (draw, session_id) references remote_drawn,
    check (not deviates or note <> '')
);
create trigger only_added before insert or update or delete on remote_draw for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on remote_draw for each statement execute function refuse_other_entries();
create trigger only_added before insert or update or delete on remote_drawn for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on remote_drawn for each statement execute function refuse_other_entries();
create trigger only_added before insert or update or delete on remote_check for each row execute function refuse_other_entries();
create trigger never_emptied before truncate on remote_check for each statement execute function refuse_other_entries();

set role vaka_ledger;

insert into ledger.concern (event, whose) values ('remote.drawn', 'everybody'), ('remote.checked', 'everybody');
alter table ledger.inbox add constraint remote_work_is_checked_in_the_office
    check (event not in ('remote.drawn', 'remote.checked') or written_by ~ '_office$');

-- What a checkpoint says, and the log's own signature on it, which nobody knows before it is made and nobody makes otherwise
-- (Ed25519, RFC 8032). What witnesses add to it later is not among it.
create function ledger.own_words(p_note bytea) returns text
    language sql immutable set search_path = ledger, pg_temp as $$
    select split_part(n.note, E'\n\n', 1) || E'\n\n' || split_part(split_part(n.note, E'\n\n', 2), E'\n', 1)
    from (select convert_from(p_note, 'UTF8') as note) n
$$;
revoke all on function ledger.own_words from public;

-- Whether a checkpoint is the first of its minute: that one stays (forget_checkpoint). Any other gives way to the next, so
-- whoever saw what would be drawn by it could have another made until he likes what is.
create function ledger.is_first_of_minute(p_one ledger.checkpoint) returns boolean
    language sql stable set search_path = ledger, pg_temp as $$
    select not exists (
        select from checkpoint e
        where e.size < p_one.size and e.signed_at >= date_trunc('minute', p_one.signed_at)
          and e.signed_at < date_trunc('minute', p_one.signed_at) + interval '1 minute')
$$;
revoke all on function ledger.is_first_of_minute from public;

-- The first checkpoint since a moment that stays: its size, and its own words.
create function ledger.first_checkpoint(p_since timestamptz) returns table (size bigint, signed text)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select c.size, own_words(c.note) from checkpoint c
    where c.signed_at >= p_since and is_first_of_minute(c)
    order by c.size limit 1
$$;
revoke all on function ledger.first_checkpoint from public;

-- The sessions that worked remotely in a period, and whose they are, as the log has it below a size.
create function ledger.list_remote_sessions(p_from timestamptz, p_until timestamptz, p_size bigint)
    returns table (session_id uuid, account_id uuid)
    language sql stable security definer set search_path = ledger, pg_temp as $$
    select distinct substr(s.leaf ->> 'object', 9)::uuid, substr(s.leaf ->> 'actor', 9)::uuid
    from entry_index i join log_entry e using (index)
    cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) s
    where i.event = 'session.placed' and i.happened_at >= p_from and i.happened_at < p_until and i.index < p_size
      and s.leaf ->> 'outcome' = 'success' and s.leaf ->> 'written_by' ~ '_office$'
      and s.leaf -> 'detail' ->> 'location' = 'remote'
$$;
revoke all on function ledger.list_remote_sessions from public;

-- Of how many sessions of a draw the log says that they were gone through; null where it does not tell of the draw.
create function ledger.count_remote_checks(p_draw uuid, p_seed text) returns bigint
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select s.leaf ->> 'event' as event, s.leaf ->> 'written_by' as written_by, s.leaf -> 'detail' as detail
        from entry_index i join log_entry e using (index)
        cross join lateral (select convert_from(e.leaf, 'UTF8')::jsonb as leaf) s
        where i.object = 'remote_draw:' || p_draw and i.event in ('remote.drawn', 'remote.checked')
        union all
        select i.event, i.written_by, i.detail from inbox i
        where i.object = 'remote_draw:' || p_draw and i.event in ('remote.drawn', 'remote.checked')
    )
    select case when exists (select from said where event = 'remote.drawn' and written_by ~ '_office$'
                             and detail ->> 'seed' = p_seed)
           then (select count(distinct detail ->> 'session') from said
                 where event = 'remote.checked' and written_by ~ '_office$') end
$$;
revoke all on function ledger.count_remote_checks from public;
grant execute on function ledger.first_checkpoint, ledger.list_remote_sessions, ledger.count_remote_checks to vaka_owner;

set role vaka_owner;

-- The quarter that ended last at a time, as days go in Sweden: its first day, and when it began and ended.
create function last_quarter(p_at timestamptz) returns table (quarter date, began timestamptz, ended timestamptz)
    language sql immutable set search_path = vaka, pg_temp as $$
    select (q.next - interval '3 months')::date, (q.next - interval '3 months') at time zone 'Europe/Stockholm',
           q.next at time zone 'Europe/Stockholm'
    from (select date_trunc('quarter', p_at at time zone 'Europe/Stockholm') as next) q
$$;
revoke all on function last_quarter from public;

-- Draws the sample of the quarter that ended last, as office: which draw it is, as whoever asks has seen, and why again. Ten
-- sessions at most, those first by SHA-256 over the seed and the session's identifier. Says 'done', or why not.
create function draw_remote_sample(p_id uuid, p_number integer, p_reason text, p_by uuid, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    period record;
    told record;
    hash bytea;
    among integer;
    taken integer;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    perform pg_advisory_xact_lock(hashtextextended('remote draw', 0));
    select * into period from last_quarter(p_at);
    -- A minute later what happened in the quarter is in the log.
    select * into told from ledger.first_checkpoint(period.ended + interval '1 minute');
    if p_number <> 1 + (select count(*) from remote_draw d where d.quarter = period.quarter) then
        return 'changed';
    elsif p_number > 1 and coalesce(p_reason, '') !~ '\S' then
        return 'reason';
    elsif told.size is null then
        return 'early';
    end if;
    hash := sha256(convert_to(concat_ws(E'\n', 'vaka remote work sample v1', period.quarter, p_number, told.signed), 'UTF8'));
    select count(*) into among from ledger.list_remote_sessions(period.began, period.ended, told.size);
    insert into remote_draw (id, quarter, number, reason, checkpoint, seed, population, drawn_by, drawn_at)
    values (p_id, period.quarter, p_number, case when p_number > 1 then p_reason end, told.size, hash, among, p_by, p_at);
    insert into remote_drawn (draw, session_id, rank, account_id)
    select p_id, s.session_id, row_number() over (order by s.place), s.account_id
    from (select l.*, sha256(hash || convert_to(l.session_id::text, 'UTF8')) as place
          from ledger.list_remote_sessions(period.began, period.ended, told.size) l order by place limit 10) s;
    get diagnostics taken = row_count;
    perform ledger.append(
        p_at, 'remote.drawn', 'account:' || p_by, 'remote_draw:' || p_id, 'success', jsonb_strip_nulls(jsonb_build_object(
            'quarter', period.quarter, 'version', p_number, 'size', told.size, 'seed', encode(hash, 'hex'),
            'items', among, 'count', taken, 'reason', case when p_number > 1 then p_reason end)));
    return 'done';
end $$;
revoke all on function draw_remote_sample from public;

-- Says of one session that was drawn whether the policy was followed, as office; never about one's own. Says 'done', or why
-- not.
create function check_remote_session(
    p_draw uuid, p_session uuid, p_deviates boolean, p_note text, p_by uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    holder uuid;
begin
    if not acts_as_administrator(p_by, p_at) then
        return 'stranger';
    end if;
    select d.account_id into holder from remote_drawn d where d.draw = p_draw and d.session_id = p_session;
    if holder is null then
        return 'gone';
    elsif exists (select from account one join account other on other.human = one.human
                  where one.id = holder and other.id = p_by) then
        return 'own';
    elsif p_deviates and p_note !~ '\S' then
        return 'note';
    end if;
    insert into remote_check (draw, session_id, deviates, note, made_by, made_at)
    values (p_draw, p_session, p_deviates, p_note, p_by, p_at) on conflict do nothing;
    if not found then
        return 'changed';
    end if;
    perform ledger.append(
        p_at, 'remote.checked', 'account:' || p_by, 'remote_draw:' || p_draw, 'success', jsonb_build_object(
            'session', p_session, 'verdict', case when p_deviates then 'deviates' else 'followed' end,
            'digest', encode(sha256(convert_to(p_note, 'UTF8')), 'hex')));
    return 'done';
end $$;
revoke all on function check_remote_session from public;

-- What was drawn, the newest first, with how much of it was gone through: as office or portal. Names nobody.
create function list_remote_draws()
    returns table (id uuid, quarter date, number integer, reason text, checkpoint bigint, seed text, population integer,
                   drawn_at timestamptz, drawn bigint, checked bigint, deviating bigint, last_checked_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select d.id, d.quarter, d.number, d.reason, d.checkpoint, encode(d.seed, 'hex'), d.population, d.drawn_at,
           count(s.session_id), count(c.session_id), count(c.session_id) filter (where c.deviates), max(c.made_at)
    from remote_draw d left join remote_drawn s on s.draw = d.id
    left join remote_check c on c.draw = s.draw and c.session_id = s.session_id
    group by d.id order by d.quarter desc, d.number desc limit 40
$$;
revoke all on function list_remote_draws from public;

-- The sessions of the newest draws, as office: whose each is, when it was first seen to work remotely, and what was made of it.
create function list_remote_drawn()
    returns table (draw uuid, session_id uuid, rank integer, account_id uuid, placed_at timestamptz, deviates boolean,
                   note text, made_by uuid, made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.draw, s.session_id, s.rank, s.account_id,
           (select min(p.placed_at) from session_place p where p.session_id = s.session_id and p.place = 'remote'),
           c.deviates, c.note, c.made_by, c.made_at
    from remote_drawn s join remote_draw d on d.id = s.draw
    left join remote_check c on c.draw = s.draw and c.session_id = s.session_id
    order by d.quarter desc, d.number desc, s.rank limit 400
$$;
revoke all on function list_remote_drawn from public;

-- What deviated, as portal: which session of which draw, and what was written of it.
create function list_remote_deviations() returns table (draw uuid, rank integer, note text, made_at timestamptz)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select s.draw, s.rank, c.note, c.made_at
    from remote_check c join remote_drawn s using (draw, session_id) where c.deviates
    order by c.made_at desc, s.draw, s.rank limit 200
$$;
revoke all on function list_remote_deviations from public;

-- Term 3: the newest quarter whose every draw was gone through, as the log tells, was drawn too long ago; or a draw waits for
-- more than thirty days. Drawing again takes nothing away: what was drawn first is gone through as well.
create function find_remote_samples(p_every interval, p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with draws as materialized (
        select d.quarter, d.drawn_at,
               ledger.count_remote_checks(d.id, encode(d.seed, 'hex'))
               >= (select count(*) from remote_drawn s where s.draw = d.id) as gone_through
        from remote_draw d where d.drawn_at <= p_at
    ), quarters as (
        select d.quarter, min(d.drawn_at) as drawn_at, bool_and(d.gone_through is true) as gone_through
        from draws d group by d.quarter
    ), state as (
        select count(*) as all, count(*) filter (where d.gone_through is not true and d.drawn_at < p_at - interval '30 days')
                   as waiting
        from draws d
    )
    select null::uuid, w.reason, w.things
    from (
        select 1 as place, 'unchecked' as reason, s.waiting as things from state s
        union all
        select 2, case when s.all = 0 then 'missing' else 'not_yet' end, 1 from state s
        where not exists (select from quarters q where q.gone_through)
        union all
        select 3, 'overdue', 1 from (select max(q.drawn_at) as newest from quarters q where q.gone_through) n
        where n.newest < p_at - p_every
    ) w
    where w.things > 0 order by w.place limit 1
$$;
revoke all on function find_remote_samples from public;
