-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- An operator's session that rests on a security key alone, as his issuer did not answer (term 15).

-- It has no issuer and no level, is an operator's and nobody else's, and brief: whoever still needs one touches his key anew.
alter table session
    add column fallback boolean not null default false,
    add constraint fallback_is_by_key check (fallback = (method = 'passkey')),
    add constraint fallback_is_an_operators check (
        not fallback or (realm = 'operator' and issuer is null and level is null
                         and expires_at <= created_at + interval '4 hours'));

-- What it began as, it stays: no process may change that, and the owner's own statements are refused too.
create function keep_fallback() returns trigger
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    raise exception 'how a session began does not change' using errcode = 'restrict_violation';
end $$;
create trigger fallback_stays before update of fallback, method, realm on session for each row
    when ((new.fallback, new.method, new.realm) is distinct from (old.fallback, old.method, old.realm))
    execute function keep_fallback();

-- Term 15: an open session that no issuer asserted at level 3. One that is shown as a fallback does not pretend to be more;
-- personas of a demo are asserted by its provider.
create or replace function find_sessions_below_level(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select null::uuid, 'low', count(*)
    from session s
    where s.ended_at is null and s.expires_at > p_at and coalesce(s.level, 0) < 3 and not s.fallback
    having count(*) > 0
$$;

-- Each authority that the account has a role with is told, at most once an hour: in an outage a whole shift signs in so, and
-- each of them stands in the log. ``noticed_by`` knows those with privileged roles alone, and an operator has none.
alter table notice_event disable trigger only_migrated;
insert into notice_event (event, kind) values ('sign_in.fallback', 'fallback');
alter table notice_event enable trigger only_migrated;

create function write_fallback_notices() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    with written as (
        insert into notice (authority_id, kind, entry, event, object, happened_at, late_at)
        select t.id, 'fallback', new.id, new.event, new.object, new.happened_at,
               least(new.happened_at, new.written_at) + make_interval(mins => coalesce(
                   (select r.minutes from notice_rule r where r.authority_id = t.id), 15))
        from authority t
        where t.kind = 'authority' and t.state = 'active'
          and exists (select from role_grant g
                      where 'account:' || g.account_id = new.actor and g.authority_id = t.id)
          and not exists (select from notice n
                          where n.authority_id = t.id and n.kind = 'fallback'
                            and n.happened_at > new.written_at - interval '1 hour' and n.happened_at <= new.written_at)
        returning id, authority_id
    )
    insert into notice_delivery (notice_id, way_id, next_at)
    select n.id, w.id, least(new.happened_at, new.written_at)
    from written n join notice_way w on w.authority_id = n.authority_id and w.ended_at is null;
    return null;
end $$;
revoke all on function write_fallback_notices from public;

set role vaka_ledger;

insert into ledger.concern (event, whose) values ('sign_in.fallback', 'actor');

reset role;

create trigger fallback_told_of after insert on ledger.inbox for each row
    when (new.event = 'sign_in.fallback' and new.outcome = 'success') execute function vaka.write_fallback_notices();
