-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which entry tells that a unit changed, with its hours, or that it answers no more.

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('unit', 'update', 'unit.changed', 'object', 'unit'),
    ('unit', 'delete', 'unit.removed', 'object', 'unit'),
    ('unit_hours', 'insert', 'unit.changed', 'object', 'unit'),
    ('unit_hours', 'delete', 'unit.changed', 'object', 'unit'),
    ('unit_hours', 'delete', 'unit.removed', 'object', 'unit');

reset role;
