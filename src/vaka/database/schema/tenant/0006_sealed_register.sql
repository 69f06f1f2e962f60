-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What the register says of a person is sealed under that person's key: here stand sealed values and nothing else
-- personal. How a value is written before it is sealed, and that it is, is said in keys/personal.toml.
--
-- Only demos of the first versions hold people in clear. No key was ever made for them, so they cannot be carried over.

do $$
begin
    if exists (select from person) then
        raise exception 'this database holds people in clear, from a version that could not seal them'
            using hint = 'Such a version was for demos only. Remove the data directory and begin anew.';
    end if;
end $$;

drop table note, contact;

alter table person
    drop constraint person_latitude_check,
    drop constraint person_longitude_check,
    alter column personal_number drop default, alter column phone drop default, alter column language drop default,
    alter column hearing drop default, alter column speech drop default, alter column cognition drop default,
    alter column street drop default, alter column postal_code drop default, alter column city drop default,
    alter column floor drop default, alter column door_code drop default, alter column route drop default,
    alter column risks drop default, alter column care_notes drop default, alter column key_number drop default,
    alter column key_box drop default, alter column digital_lock drop default,
    alter column absence_reason drop default;

alter table person
    alter column given_name type bytea using null, alter column family_name type bytea using null,
    alter column personal_number type bytea using null, alter column born_on type bytea using null,
    alter column phone type bytea using null, alter column language type bytea using null,
    alter column hearing type bytea using null, alter column speech type bytea using null,
    alter column cognition type bytea using null, alter column street type bytea using null,
    alter column postal_code type bytea using null, alter column city type bytea using null,
    alter column floor type bytea using null, alter column door_code type bytea using null,
    alter column route type bytea using null, alter column latitude type bytea using null,
    alter column longitude type bytea using null, alter column risks type bytea using null,
    alter column care_notes type bytea using null, alter column key_number type bytea using null,
    alter column key_box type bytea using null, alter column digital_lock type bytea using null,
    alter column absent_from type bytea using null, alter column absent_until type bytea using null,
    alter column absence_reason type bytea using null,
    alter column born_on set not null, alter column latitude set not null, alter column longitude set not null,
    alter column absent_from set not null, alter column absent_until set not null,
    -- What stands for the number a person is looked up by (HMAC under a key that is not in this database); null where
    -- there is none.
    add column personal_number_key bytea check (length(personal_number_key) = 32),
    add column phone_key bytea check (length(phone_key) = 32);
create index person_by_number on person (personal_number_key) where personal_number_key is not null;
create index person_by_phone on person (phone_key) where phone_key is not null;

create table contact (
    person_id uuid     not null references person on delete cascade,
    position  smallint not null check (position between 1 and 20),
    name      bytea    not null,
    relation  bytea    not null,
    phone     bytea    not null,
    has_key   bytea    not null,
    primary key (person_id, position)
);

create table note (
    id         uuid primary key,
    person_id  uuid not null references person on delete cascade,
    body       bytea not null,
    must_see   boolean not null default false,
    expires_at timestamptz,
    written_at timestamptz not null
);
create index note_of_person on note (person_id);

do $$
declare
    guarded record;
begin
    for guarded in select * from (values ('contact', 'person_id'), ('note', 'person_id')) as g (name, identifier)
    loop
        execute format('create constraint trigger entered after insert or update or delete on %I deferrable initially '
                       'deferred for each row execute function enter_change_by_hand(%L)', guarded.name,
                       guarded.identifier);
        execute format('create trigger emptying_entered after truncate on %I for each statement '
                       'execute function enter_change_by_hand(%L)', guarded.name, guarded.identifier);
    end loop;
end $$;

-- Every sealed value of the register begins with the format and the version of its key (envelope.py): nothing in clear
-- can stand there by mistake, or by a statement of somebody's own.
do $$
declare
    sealed record;
begin
    for sealed in
        select table_name as in_table, column_name as name from information_schema.columns
        where table_schema = 'vaka' and table_name in ('person', 'contact', 'note') and data_type = 'bytea'
          and column_name not in ('personal_number_key', 'phone_key')
    loop
        execute format('alter table %I add constraint %I check (length(%I) >= 95 and get_byte(%I, 0) = 1)',
                       sealed.in_table, sealed.in_table || '_' || sealed.name || '_sealed', sealed.name, sealed.name);
    end loop;
end $$;
