-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Who leaves (terms 8 and 13): deactivated at once, and on a day that was said before; removed for ever. Of a removed account
-- its identifiers and its state stay, so that the log can be read and nobody is ever given them again; what its human was
-- called does not.

alter table account add column ends_at timestamptz;
create index account_ends on account (ends_at) where ends_at is not null and state = 'active';

-- As before (0015), and what its human was called does not come back either.
drop trigger removed_for_ever on account;
create trigger removed_for_ever before update on account for each row
    when (old.state = 'removed' and (new.state <> 'removed' or new.display_name <> old.display_name
                                     or new.persona is not null))
    execute function keep_tombstone();

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('account', 'update', 'account.changed', 'object', 'account'),
    ('account', 'update', 'account.deactivated', 'object', 'account'),
    ('account', 'update', 'account.reactivated', 'object', 'account'),
    ('account', 'update', 'account.removed', 'object', 'account');

set role vaka_owner;

-- The first authority whose only approver this account is. Whoever cannot be approved by anybody any more has to be left
-- a way.
create function approves_alone_in(p_account uuid, p_at timestamptz) returns uuid
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select g.authority_id
    from effective_grant g
    where g.account_id = p_account and g.role = 'access_approver' and (g.valid_until is null or g.valid_until > p_at)
      and not exists (
        select from effective_grant o join account a on a.id = o.account_id
        where o.authority_id = g.authority_id and o.role = 'access_approver' and o.account_id <> p_account
          and a.state = 'active' and (o.valid_until is null or o.valid_until > p_at))
    order by g.authority_id
    limit 1
$$;
revoke all on function approves_alone_in from public;

-- Deactivates, reactivates or removes an account, with one entry for each thing that changes: the account, every session
-- it has open, every role of one that is removed. Says 'done', or why not.
create function change_account(p_account uuid, p_state text, p_actor text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    before text;
    held record;
begin
    select a.state into before from account a where a.id = p_account for update;
    if before is null or (before, p_state) not in (
        ('active', 'deactivated'), ('deactivated', 'active'), ('active', 'removed'), ('deactivated', 'removed'))
    then
        return 'gone';
    elsif p_state = 'removed' and approves_alone_in(p_account, p_at) is not null then
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
revoke all on function change_account from public;

-- Says on which day an account is deactivated without anybody's doing; null takes that back.
create function end_account(p_account uuid, p_ends timestamptz, p_actor text, p_at timestamptz) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    update account set ends_at = p_ends
    where id = p_account and state = 'active' and ends_at is distinct from p_ends;
    if not found then
        return 'gone';
    end if;
    perform ledger.append(p_at, 'account.changed', p_actor, 'account:' || p_account, 'success',
                          jsonb_build_object('valid_until', tell_moment(p_ends)));
    return 'done';
end $$;
revoke all on function end_account from public;

-- Deactivates whose day has come, as scheduler. Returns how many.
create function end_accounts(p_at timestamptz) returns bigint
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    due uuid;
    count bigint := 0;
begin
    for due in select a.id from account a where a.state = 'active' and a.ends_at <= p_at order by a.id loop
        perform change_account(due, 'deactivated', 'scheduler', p_at);
        count := count + 1;
    end loop;
    return count;
end $$;
revoke all on function end_accounts from public;
