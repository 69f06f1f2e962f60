-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Of the messages that belong to no alarm, whose they are: an erasure finds them however many others there are.

create index message_of_person on message (subject_id) where alarm_id is null;
