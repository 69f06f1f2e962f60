-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Whom the supplier reaches at an authority when something has happened (term 35). The authority owns the list: its own
-- people write it in their portal, and nobody at the supplier can. One row for each place; who is replaced is forgotten.

create table case_contact (
    authority_id uuid not null references authority,
    -- In which order they are tried.
    place        integer not null check (place between 1 and 5),
    name         text not null check (length(name) between 1 and 100),
    mail         text not null check (length(mail) <= 254),
    phone        text not null check (length(phone) <= 40),
    -- When somebody is there, in words.
    hours        text not null check (length(hours) <= 200),
    -- The last day on which it holds.
    valid_until  date not null,
    set_by       uuid not null references account,
    since        timestamptz not null,
    primary key (authority_id, place),
    check (mail <> '' or phone <> '')
);

-- The portal writes through functions, which write as their owner; neither the owner nor a superuser can by a statement.
create function refuse_other_contacts() returns trigger
    language plpgsql set search_path = vaka, pg_temp as $$
begin
    -- When the contract has ended, nobody is called any more.
    if tg_op = 'DELETE' and exists (select from authority a where a.id = old.authority_id and a.state = 'closed') then
        return old;
    end if;
    if tg_op = 'TRUNCATE' or current_user <> 'vaka_owner' or not exists (
        select from pg_auth_members m join pg_roles g on g.oid = m.roleid
        where m.member = session_user::regrole and g.rolname = 'g_portal')
    then
        raise exception 'an authority names its contacts in its portal' using errcode = 'insufficient_privilege';
    end if;
    return coalesce(new, old);
end $$;
create trigger only_the_authority before insert or update or delete on case_contact
    for each row execute function refuse_other_contacts();
create trigger never_emptied before truncate on case_contact
    for each statement execute function refuse_other_contacts();

create function forget_contacts() returns trigger
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    told bigint;
begin
    with forgotten as (
        delete from case_contact c where c.authority_id = new.id returning c.place
    )
    -- By hand it is by hand, as the change of the authority itself.
    select count(ledger.append(
        now(), 'contact.ended',
        case when session_user ~ '_scheduler$' then 'scheduler' else 'database:' || session_user end,
        'authority:' || new.id, 'success', jsonb_build_object('authority', new.id, 'place', f.place))) into told
    from (select f.place from forgotten f order by f.place) f;
    return null;
end $$;
revoke all on function forget_contacts from public;
create trigger contacts_forgotten after update of state on authority
    for each row when (new.state = 'closed') execute function forget_contacts();

set role vaka_ledger;
alter table ledger.inbox add constraint contacts_are_named_in_the_portal
    check (event not in ('contact.set', 'contact.ended') or written_by ~ '_portal$'
           -- With the contract all of them end; where a hand has closed the authority, by that hand.
           or (event = 'contact.ended' and written_by ~ '_(scheduler|superuser)$'));
set role vaka_owner;

-- Names a contact, in place of who stood there, as portal. Says 'done', or why not. The log knows the place and the day.
create function set_case_contact(
    p_authority uuid, p_place integer, p_name text, p_mail text, p_phone text, p_hours text, p_valid_until date,
    p_account uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    perform ledger.append(
        p_at, 'contact.set', 'account:' || p_account, 'authority:' || p_authority, 'success',
        jsonb_build_object('authority', p_authority, 'place', p_place, 'valid_until', p_valid_until));
    insert into case_contact (authority_id, place, name, mail, phone, hours, valid_until, set_by, since)
    values (p_authority, p_place, p_name, p_mail, p_phone, p_hours, p_valid_until, p_account, p_at)
    on conflict (authority_id, place) do update
        set name = excluded.name, mail = excluded.mail, phone = excluded.phone, hours = excluded.hours,
            valid_until = excluded.valid_until, set_by = excluded.set_by, since = excluded.since;
    return 'done';
end $$;
revoke all on function set_case_contact from public;

-- Takes the contact that was shown off the list, as portal; not who has come there since. Says 'done', or why not.
create function end_case_contact(
    p_authority uuid, p_place integer, p_name text, p_mail text, p_phone text, p_hours text, p_valid_until date,
    p_account uuid, p_at timestamptz
) returns text
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    hindrance text := undecided_because(p_account, 'contract_officer', p_authority, p_at);
begin
    if hindrance is not null then
        return hindrance;
    end if;
    delete from case_contact c
    where c.authority_id = p_authority and c.place = p_place
      and (c.name, c.mail, c.phone, c.hours, c.valid_until) = (p_name, p_mail, p_phone, p_hours, p_valid_until);
    if not found then
        return case when exists (select from case_contact c where c.authority_id = p_authority and c.place = p_place)
               then 'changed' else 'gone' end;
    end if;
    perform ledger.append(
        p_at, 'contact.ended', 'account:' || p_account, 'authority:' || p_authority, 'success',
        jsonb_build_object('authority', p_authority, 'place', p_place));
    return 'done';
end $$;
revoke all on function end_case_contact from public;

-- Term 35: authorities that have named no contact, or none that still holds. The duty rests with them, and both see it.
create function find_contacts(p_at timestamptz) returns table (authority_id uuid, reason text, things bigint)
    language sql stable security definer set search_path = vaka, pg_temp as $$
    select t.id, case when count(c.place) = 0 then 'unnamed' else 'expired' end, greatest(count(c.place), 1)
    from authority t left join case_contact c on c.authority_id = t.id
    where t.kind = 'authority' and t.state = 'active'
    group by t.id
    having count(c.place) filter (where c.valid_until >= (p_at at time zone 'Europe/Stockholm')::date) = 0
$$;
revoke all on function find_contacts from public;
