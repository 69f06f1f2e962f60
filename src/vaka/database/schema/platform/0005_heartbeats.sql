-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Only a message of type PI can be a heartbeat. Heartbeats are answered at once and never stored one by one: a rule that
-- called an event or a reset one would have a press answered with "received" and kept nowhere.

-- Such a rule becomes one for the quiet class. Whoever made it wanted no alarm of these messages, and now has none and
-- every message in the history; to take the rule away would ring operators up for what an authority has decided is no
-- alarm. That a row was changed here is an entry in the ledger, as every change outside the usual way.
update class_override set alarm_class = 'signal'
where alarm_class = 'heartbeat' and message_type is distinct from 'PI';

-- The entries are made at the end of a transaction; a table cannot be altered while they are due.
set constraints all immediate;

-- "is not distinct from": where no message type is named, a plain comparison would be unknown and so pass.
alter table class_override add constraint only_pi_is_a_heartbeat
    check (alarm_class <> 'heartbeat' or message_type is not distinct from 'PI');
