-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
--
-- The last approver of an authority is not put out either before there is a successor, neither at once nor on a day
-- (term 13): nobody could then approve who comes next. Who is to leave on a day himself is no successor.

create or replace function approves_alone_in(p_account uuid, p_at timestamptz) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select g.authority_id
    from effective_grant g
    where g.account_id = p_account and g.role = 'access_approver' and (g.valid_until is null or g.valid_until > p_at)
      and not exists (
        select from effective_grant o join account a on a.id = o.account_id
        where o.authority_id = g.authority_id and o.role = 'access_approver' and o.account_id <> p_account
          and a.state = 'active' and a.ends_at is null and (o.valid_until is null or o.valid_until > p_at))
    order by g.authority_id
    limit 1
$$;

create or replace function change_account(p_account uuid, p_state text, p_actor text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before record;
    held record;
begin
    select a.state, a.ends_at into before from account a where a.id = p_account for update;
    if before.state is null or (before.state, p_state) not in (
        ('active', 'deactivated'), ('deactivated', 'active'), ('active', 'removed'), ('deactivated', 'removed'))
    then
        return 'gone';
    -- Whose day was said while there was a successor goes on that day, whatever became of the successor.
    elsif (p_state = 'removed' or (p_state = 'deactivated' and (before.ends_at is null or before.ends_at > p_at)))
          and approves_alone_in(p_account, p_at) is not null
    then
        return 'last_approver';
    end if;
    perform ledger.append(
        p_at, case p_state when 'active' then 'account.reactivated' when 'removed' then 'account.removed'
                           else 'account.deactivated' end,
        p_actor, 'account:' || p_account, 'success', '{}');
    update account
    set state = p_state, ends_at = null,
        display_name = case p_state when 'removed' then '–' else display_name end,
        persona = case p_state when 'removed' then null else persona end
    where id = p_account;
    for held in
        update session set ended_at = p_at where account_id = p_account and ended_at is null returning id
    loop
        perform ledger.append(p_at, 'session.ended', p_actor, 'session:' || held.id, 'success',
                              jsonb_build_object('account', 'account:' || p_account, 'reason', 'account_closed'));
    end loop;
    if p_state = 'removed' then
        for held in delete from role_grant where account_id = p_account returning role, authority_id loop
            perform ledger.append(p_at, 'role.revoked', p_actor, 'account:' || p_account, 'success',
                                  jsonb_build_object('role', held.role, 'authority', held.authority_id));
        end loop;
    end if;
    return 'done';
end $$;

create or replace function end_account(p_account uuid, p_ends timestamptz, p_actor text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    perform from account where id = p_account for update;
    if p_ends is not null and approves_alone_in(p_account, p_at) is not null then
        return 'last_approver';
    end if;
    update account set ends_at = p_ends
    where id = p_account and state = 'active' and ends_at is distinct from p_ends;
    if not found then
        return 'gone';
    end if;
    perform ledger.append(p_at, 'account.changed', p_actor, 'account:' || p_account, 'success',
                          jsonb_build_object('valid_until', tell_moment(p_ends)));
    return 'done';
end $$;
