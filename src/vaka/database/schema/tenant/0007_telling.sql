-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which entry tells of which change of an authority's registers. A person is registered with contacts and notes, a unit
-- with its hours.

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('unit', 'insert', 'unit.registered', 'object', 'unit'),
    ('unit_hours', 'insert', 'unit.registered', 'object', 'unit'),
    ('person', 'insert', 'person.registered', 'object', 'person'),
    ('contact', 'insert', 'person.registered', 'object', 'person'),
    ('note', 'insert', 'person.registered', 'object', 'person'),
    ('device', 'insert', 'device.registered', 'object', 'device'),
    ('device', 'insert', 'device.adopted', 'object', 'device'),
    ('device', 'update', 'device.changed', 'object', 'device'),
    ('policy', 'update', 'policy.changed', 'nothing', ''),
    ('closing_code', 'insert', 'policy.changed', 'nothing', '');

reset role;
