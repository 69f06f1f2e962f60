-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- When a silent device is late, and when it is lost.

-- Locked by the scheduler that judges.
create table supervision_turn (only_one boolean primary key default true check (only_one));
insert into supervision_turn default values;

-- Late after 1.5 intervals without a sign of life, lost after 2 intervals and the authority's grace. Silence counts
-- from the last sign or from when the receivers began to listen without a gap, whichever is later: what nobody could
-- have heard is not silence. Only a sign of life makes a device better, never the mere passing of time. A device that
-- was put back to late (after a site's silence) gets half an interval and the grace before it is lost again.
create function judged_condition(
    condition text, changed_at timestamptz, last_seen timestamptz, interval_seconds integer, grace_seconds integer,
    covered_since timestamptz, at timestamptz
) returns text
    language sql immutable as $$
    select case
        when last_seen is null then condition
        when at - last_seen <= make_interval(secs => 1.5 * interval_seconds) then 'online'
        when condition = 'lost' then 'lost'
        when at - greatest(last_seen, covered_since) > make_interval(secs => 2.0 * interval_seconds + grace_seconds)
             and (condition <> 'late'
                  or at - changed_at >= make_interval(secs => 0.5 * interval_seconds + grace_seconds)) then 'lost'
        when condition = 'late' then 'late'
        when at - greatest(last_seen, covered_since) > make_interval(secs => 1.5 * interval_seconds) then 'late'
        else condition
    end
$$;
