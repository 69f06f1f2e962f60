-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- What a device calls itself may be somebody's telephone number. Where it is looked for by it, here stands what an HMAC
-- makes of it, under a key that no database has (keys/identities.py): `~`, four characters that tell the key, and 24 of
-- the sender. Where it is to be read, it stands in a letter: in the message's, and in the register's own.

do $$
begin
    if exists (select from device) or exists (select from alarm) or exists (select from message)
       or exists (select from repeat_key) then
        raise exception 'this database holds devices or alarms whose numbers stand in clear, from an earlier version'
            using hint = 'Such a version was for demos only. Remove the data directory and begin anew.';
    end if;
end $$;

-- Letters to `subject_id`: the person whose device it is or, where nobody is, the authority. Null where nothing is said,
-- and after the person was erased: then the device is known by its blinded form alone.
alter table device
    drop column placed,
    add constraint device_sender_blind check (sender ~ '^~[A-Za-z0-9_-]{28}$'),
    add column subject_id uuid,
    add column number bytea check (length(number) between 129 and 1024 and get_byte(number, 0) = 2),
    add column placed bytea check (length(placed) between 129 and 1024 and get_byte(placed, 0) = 2),
    add constraint device_addressed check ((number is null and placed is null) or subject_id is not null);

-- An alarm about many devices, or about our own receivers, has no sender.
alter table alarm
    add constraint alarm_sender_blind check (sender ~ '^(~[A-Za-z0-9_-]{28})?$'),
    add constraint alarm_join_key_blind check (
        join_key ~ '^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|~[A-Za-z0-9_-]{28}|site):[A-Za-z0-9_.:~-]{1,80}$');
alter table message add constraint message_sender_blind check (sender ~ '^~[A-Za-z0-9_-]{28}$');
alter table repeat_key add constraint repeat_key_sender_blind check (sender ~ '^~[A-Za-z0-9_-]{28}$');

-- As it was, but for the letters of the devices, which go with the person.
create or replace function delete_person(p_person uuid) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    counts jsonb := '{}';
    alarms uuid[];
    devices uuid[];
    gone bigint;
    more bigint;
begin
    select coalesce(array_agg(a.id), '{}') into alarms
    from alarm a where a.person_id = p_person and a.state in ('merged', 'closed');
    select coalesce(array_agg(d.id), '{}') into devices from device d where d.person_id = p_person;
    delete from alarm_note n
    where n.alarm_id = any (alarms)
       or (n.subject_id = p_person and n.alarm_id in (select a.id from alarm a where a.state in ('merged', 'closed')));
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('alarm_note', gone);
    delete from alarm_step s where s.alarm_id = any (alarms);
    delete from message m where m.alarm_id = any (alarms);
    get diagnostics gone = row_count;
    delete from message m where m.alarm_id is null and m.subject_id = p_person;
    get diagnostics more = row_count;
    gone := gone + more;
    delete from message m
    where m.alarm_id is null and m.device_id = any (devices)
      and not exists (select from person p where p.id = m.subject_id);
    get diagnostics more = row_count;
    counts := counts || jsonb_build_object('message', gone + more);
    update alarm set state = 'closed', merged_into = null
    where merged_into = any (alarms) and person_id is distinct from p_person;
    update alarm set merged_into = null, state = 'closed' where id = any (alarms) and merged_into is not null;
    delete from alarm a where a.id = any (alarms);
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('alarm', gone);
    delete from contact c where c.person_id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('contact', gone);
    delete from note n where n.person_id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('note', gone);
    -- A device stays: it may still hang in somebody's home, and what it sends must reach an operator.
    update device set person_id = null, subject_id = null, number = null, placed = null where id = any (devices);
    delete from person p where p.id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('person', gone, 'device', cardinality(devices));
    perform enter_erasure(clock_timestamp(), 'device.changed', 'scheduler', 'device:' || d.id,
                          jsonb_build_object('fields', 'person,placed'))
    from unnest(devices) as d (id);
    return counts;
end $$;
