-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Alarms: what arrived, what an operator sees of it, and the authority's own limits and words.

create table policy (
    only_one                boolean primary key default true check (only_one),
    amber_after_seconds     integer not null default 30  check (amber_after_seconds between 5 and 3600),
    red_after_seconds       integer not null default 60  check (red_after_seconds between 5 and 3600),
    ring_all_after_seconds  integer not null default 60  check (ring_all_after_seconds between 5 and 3600),
    on_call_after_seconds   integer not null default 180 check (on_call_after_seconds between 5 and 3600),
    on_call_phone           text    not null default '',
    greeting                text    not null default '',
    -- Within this time the same reference with the same content is the same message sent again.
    repeat_window_seconds   integer not null default 900 check (repeat_window_seconds between 60 and 86400),
    -- Above this share of supervised devices silent at once it is the network, not the devices.
    mass_silence_percent    integer not null default 20  check (mass_silence_percent between 1 and 100),
    mass_silence_minimum    integer not null default 5   check (mass_silence_minimum between 2 and 100000),
    lost_grace_seconds      integer not null default 30  check (lost_grace_seconds between 0 and 86400),
    -- After so long without an open desk a holder is gone, and what he has taken goes back to everybody.
    away_after_seconds      integer not null default 120 check (away_after_seconds between 60 and 3600),
    check (amber_after_seconds < red_after_seconds),
    check (ring_all_after_seconds < on_call_after_seconds)
);
insert into policy default values;

create table closing_code (
    list     text not null check (list in ('reason', 'action', 'result')),
    code     text not null check (code ~ '^[a-z][a-z0-9_]{1,40}$'),
    sv       text not null,
    en       text not null,
    position smallint not null,
    active   boolean not null default true,
    primary key (list, code)
);

-- No foreign keys to people and devices: an alarm is never refused because a register is out of step.
create table alarm (
    id              uuid primary key,
    class           text not null check (class in ('life', 'request', 'technical', 'test')),
    kind            text not null,
    -- The newest message's kind; differs from kind when, say, smoke joined a pressed button.
    latest_kind     text not null,
    state           text not null check (state in
                        ('received', 'presented', 'taken', 'suspended', 'handed_over', 'withdrawn', 'merged', 'closed')),
    -- Messages with the same key belong to the same alarm while it is open.
    join_key        text collate "C" not null,
    person_id       uuid,
    device_id       uuid,
    -- Who raised it, and whether another sender has alarmed in it since: then no device can take it back alone.
    sender          text not null,
    several_senders boolean not null default false,
    device_type     smallint,
    status_code     smallint,
    location_code   smallint,
    location_text   text not null default '',
    device_text     text not null default '',
    position_text   text not null default '',
    received_at     timestamptz not null,
    latest_at       timestamptz not null,
    messages        integer not null default 1,
    presented_at    timestamptz,
    taken_at        timestamptz,
    holder          uuid,
    offered_to      uuid,
    suspended_until timestamptz,
    withdrawn_at    timestamptz,
    escalation      smallint not null default 0 check (escalation between 0 and 2),
    escalate_at     timestamptz,
    merged_into     uuid references alarm,
    -- How many alarms were made part of it, and when the first of those arrived: somebody has waited since then.
    parts            integer not null default 0,
    part_received_at timestamptz,
    closed_at       timestamptz,
    closed_by       text not null default '',
    closing_reason  text not null default '',
    closing_action  text not null default '',
    closing_result  text not null default '',
    closing_text    text not null default '' check (length(closing_text) <= 2000),
    version         integer not null default 1,
    check ((state in ('taken', 'suspended', 'handed_over')) = (holder is not null)),
    check ((state = 'handed_over') = (offered_to is not null)),
    check ((state in ('suspended', 'handed_over')) = (suspended_until is not null)),
    check ((state = 'merged') = (merged_into is not null)),
    check ((state in ('merged', 'closed')) = (closed_at is not null))
);
create unique index alarm_open on alarm (join_key) where state not in ('merged', 'closed');
create index alarm_waiting on alarm (escalate_at) where escalate_at is not null;
create index alarm_of_person on alarm (person_id, received_at desc);
create index alarm_closed on alarm (closed_at desc) where closed_at is not null;
-- Where nobody is known, what is remembered hangs on the sender.
create index alarm_of_sender on alarm (sender, received_at desc) where person_id is null;
-- What was made part of an alarm.
create index alarm_merged on alarm (merged_into) where merged_into is not null;
-- Whether a lost device has been told of.
create index alarm_offline on alarm (device_id, latest_at) where kind = 'offline';

-- Every stored message, as it came. Written once.
create table message (
    id          uuid primary key,
    alarm_id    uuid,
    device_id   uuid,
    sender      text not null,
    ref         text not null,
    class       text not null,
    kind        text not null,
    effect      text not null check (effect in ('raise', 'withdraw', 'restore', 'none')),
    received_at timestamptz not null,
    receiver    text not null,
    transport   text not null check (transport in ('udp', 'tcp', 'tls')),
    source      text not null default '',
    deviations  text[] not null default '{}',
    body        bytea not null
);
create index message_of_alarm on message (alarm_id) where alarm_id is not null;

-- The last message of each (sender, reference): how a repeat is known, by every receiver at once.
create table repeat_key (
    sender     text collate "C" not null,
    ref        text collate "C" not null,
    digest     text collate "C" not null,
    message_id uuid not null,
    seen_at    timestamptz not null,
    -- Whether the reference came back with other content within the window.
    reused     boolean not null default false,
    primary key (sender, ref)
);

create table alarm_note (
    id         uuid primary key,
    alarm_id   uuid not null references alarm,
    written_at timestamptz not null,
    written_by uuid not null,
    body       text not null check (length(body) between 1 and 2000)
);
create index alarm_note_of_alarm on alarm_note (alarm_id);

-- What happened to an alarm, step by step, as the desk shows it.
create table alarm_step (
    id         bigint generated always as identity primary key,
    alarm_id   uuid not null references alarm,
    at         timestamptz not null,
    step       text not null,
    actor      text not null,
    detail     text not null default ''
);
create index alarm_step_of_alarm on alarm_step (alarm_id);

-- Tells listeners which alarms changed: opaque identifiers only, at most 200 to a notification (8,000 bytes).
create function announce_alarms(changed uuid[]) returns void
    language plpgsql set search_path = pg_catalog, pg_temp as $$
begin
    perform pg_notify('alarm', string_agg(id::text, ','))
    from unnest(changed) with ordinality as t(id, place)
    group by place / 200;
end $$;
