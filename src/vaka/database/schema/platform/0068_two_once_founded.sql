-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Once an installation is founded, setup's login alone makes nobody believed and gives nobody a role (terms 2, 8 and 15):
-- what it writes for the founders, and in a demo, stays possible as long as there is nobody else to decide.

-- Until when it decides by itself: 'infinity' while nobody has founded the installation, and in a demo.
create function setup_decides_until() returns timestamptz
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select case when exists (select from installation where mode = 'demo') then 'infinity'
                else coalesce((select f.ended_at from founding f), 'infinity') end
$$;
revoke all on function setup_decides_until from public;

set role vaka_ledger;

-- As before (0036), and of setup's entries those alone that the database wrote before p_setup_until. When that was, its own
-- clock says: whoever writes an entry says when it happened, and never when it was written.
drop function ledger.trust_state;
create function ledger.trust_told(
    p_id uuid, p_name text, p_digest text, p_proposed_by uuid, p_approved_by uuid, p_setup_until timestamptz
) returns text
    language sql stable security definer set search_path = ledger, pg_temp as $$
    with said as (
        select e.index, convert_from(e.leaf, 'UTF8')::jsonb as leaf
        from entry_index i join log_entry e using (index)
        where i.event in ('trust.proposed', 'trust.approved', 'trust.withdrawn')
          and e.index < (select max(c.size) from checkpoint c)
    ), decided as (
        select s.index, leaf ->> 'event' as event, leaf ->> 'actor' as actor, leaf ->> 'object' as object,
               leaf -> 'detail' ->> 'sha256' as digest, leaf -> 'detail' ->> 'issuer' as name
        from said s
        where leaf ->> 'outcome' = 'success'
          and (leaf ->> 'written_by' = 'vaka_office'
               or (leaf ->> 'written_by' = 'vaka_setup' and (leaf ->> 'written_at')::timestamptz < p_setup_until))
    ), own as (
        select * from decided where object = 'trust:' || p_id and digest = p_digest
    ), approval as (
        select min(index) as index from own where event = 'trust.approved' and actor = 'account:' || p_approved_by
    )
    select case
        when p_proposed_by = p_approved_by or a.index is null
          or not exists (select from own where event = 'trust.proposed' and actor = 'account:' || p_proposed_by)
          or exists (select from said where leaf ->> 'event' = 'trust.withdrawn' and leaf ->> 'object' = 'trust:' || p_id)
          or exists (select from inbox i where i.event = 'trust.withdrawn' and i.object = 'trust:' || p_id)
            then 'unknown'
        when exists (select from decided d where d.event = 'trust.approved' and d.name = p_name
                     and d.object <> 'trust:' || p_id and d.index > a.index)
            then 'superseded'
        else 'approved'
    end
    from approval a
$$;
revoke all on function ledger.trust_told from public;
grant execute on function ledger.trust_told to vaka_owner;

set role vaka_owner;

-- What the log makes of a row that says it is approved: 'approved', 'superseded' or 'unknown' (ledger.trust_told).
create function trust_state(p_id uuid, p_name text, p_digest text, p_proposed_by uuid, p_approved_by uuid) returns text
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select ledger.trust_told(p_id, p_name, p_digest, p_proposed_by, p_approved_by, setup_decides_until())
$$;
revoke all on function trust_state from public;

-- Term 15, as 0066 tells it of others: issuers that are believed without two humans' decision in the log, over all that is
-- approved (digest_of), or by evidence that has expired.
create function find_doubtful_issuers(p_at timestamptz)
    returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    with judged as materialized (
        select t.authority_id,
               trust_state(t.id, t.name, encode(sha256(convert_to(concat_ws(
                   chr(10), 'vaka trust v1', t.id, coalesce(t.authority_id::text, 'supplier'), t.name, t.content),
                   'UTF8')), 'hex'), t.proposed_by, t.approved_by) as state,
               exists (select from account one join account other on other.human = one.human
                       where one.id = t.proposed_by and other.id = t.approved_by) as of_one,
               not exists (select from jsonb_each(t.content::jsonb -> 'levels') l
                           where (l.value ->> 'expires')::date >= p_at::date) as expired
        from trusted_issuer t where t.approved_at is not null and t.withdrawn_at is null
    )
    select j.authority_id, case when j.state is distinct from 'approved' or j.of_one then 'undecided' else 'expired' end,
           count(*)
    from judged j
    where j.state is distinct from 'superseded'
      and (j.state is distinct from 'approved' or j.of_one or j.expired)
    group by 1, 2
    order by 2 desc
$$;
revoke all on function find_doubtful_issuers from public;

-- With setup's login no role is given, prolonged or moved by a statement; one is taken, or ends sooner. What the functions
-- do that setup may call, they do as their owner, whatever role the login has set.
create function refuse_roles_by_one() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    if current_user = 'vaka_owner' or session_user <> 'vaka_setup' then
        return new;
    end if;
    if setup_decides_until() = 'infinity' then
        return new;
    end if;
    if tg_op = 'UPDATE' and to_jsonb(old) - 'valid_until' = to_jsonb(new) - 'valid_until'
       and new.valid_until <= coalesce(old.valid_until, 'infinity') then
        return new;
    end if;
    raise exception 'two administrators decide who gets a role' using errcode = 'insufficient_privilege';
end $$;
revoke all on function refuse_roles_by_one from public;
-- Before any other trigger of the table tells something about the account.
create trigger by_two before insert or update on role_grant for each row execute function refuse_roles_by_one();
