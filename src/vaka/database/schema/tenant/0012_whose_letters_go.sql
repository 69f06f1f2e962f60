-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Erasing a person by whom letters are written to, and not by whose the device is on the day of the erasure.

-- Deletes everything about one person, and returns how many rows of what. An alarm of somebody else that was made part of
-- one of these stays, ended.
--
-- A message says whose it is. What a device said while it was this person's goes, also where the device is somebody else's
-- by now; what it said while it was somebody else's stays. What was written to nobody in the register goes with the
-- device.
create or replace function delete_person(p_person uuid) returns jsonb
    language plpgsql security definer set search_path = vaka, pg_temp as $$
declare
    counts jsonb := '{}';
    alarms uuid[];
    devices uuid[];
    gone bigint;
begin
    select coalesce(array_agg(a.id), '{}') into alarms from alarm a where a.person_id = p_person;
    select coalesce(array_agg(d.id), '{}') into devices from device d where d.person_id = p_person;
    delete from alarm_note n where n.alarm_id = any (alarms) or n.subject_id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('alarm_note', gone);
    delete from alarm_step s where s.alarm_id = any (alarms);
    delete from message m
    where m.alarm_id = any (alarms) or m.subject_id = p_person
       or (m.device_id = any (devices) and not exists (select from person p where p.id = m.subject_id));
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('message', gone);
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
    update device set person_id = null, placed = '' where id = any (devices);
    delete from person p where p.id = p_person;
    get diagnostics gone = row_count;
    counts := counts || jsonb_build_object('person', gone, 'device', cardinality(devices));
    perform enter_erasure(clock_timestamp(), 'device.changed', 'scheduler', 'device:' || d.id,
                          jsonb_build_object('fields', 'person,placed'))
    from unnest(devices) as d (id);
    return counts;
end $$;
