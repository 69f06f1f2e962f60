-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- The last approver of an authority keeps that role until there is a successor (term 13), whoever takes it back and however:
-- 0033 kept the account, and the role could be taken from it all the same. What ends on its own day ends.
create function keep_last_approver() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
begin
    if old.role <> 'access_approver'
       or old.valid_until <= now()
       or (tg_op = 'UPDATE'
           and (new.account_id, new.role, new.authority_id) is not distinct from (old.account_id, old.role, old.authority_id)
           and (new.valid_until is null or new.valid_until >= old.valid_until))
       or not exists (select from account where id = old.account_id and state = 'active')
    then
        return case tg_op when 'DELETE' then old else new end;
    end if;
    -- Two who take each other's role at the same moment come one after the other.
    perform from authority where id = old.authority_id for update;
    if not exists (
        select from effective_grant o join account a on a.id = o.account_id
        where o.authority_id = old.authority_id and o.role = 'access_approver' and o.account_id <> old.account_id
          and a.state = 'active' and a.ends_at is null and (o.valid_until is null or o.valid_until > now()))
    then
        raise exception 'nobody else approves access for this authority'
            using errcode = 'restrict_violation', constraint = 'last_approver';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end $$;
revoke all on function keep_last_approver from public;
create trigger last_approver before delete or update on role_grant for each row execute function keep_last_approver();
