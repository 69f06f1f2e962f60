-- SPDX-FileCopyrightText: 2026 The Vaka contributors
-- SPDX-License-Identifier: EUPL-1.2
-- Which entry tells of which change of the platform's registers. Signing in notes it at the account as well.

set role vaka_ledger;

insert into ledger.telling (register, operation, event, names, kind) values
    ('account', 'insert', 'account.created', 'object', 'account'),
    ('account', 'update', 'session.started', 'actor', 'account'),
    ('role_grant', 'insert', 'role.granted', 'object', 'account'),
    ('role_grant', 'update', 'role.granted', 'object', 'account'),
    ('role_grant', 'delete', 'role.revoked', 'object', 'account'),
    ('session', 'insert', 'session.started', 'object', 'session'),
    ('session', 'update', 'session.ended', 'object', 'session'),
    ('authority', 'insert', 'authority.registered', 'object', 'authority'),
    ('device_entry', 'insert', 'device.registered', 'object', 'device'),
    ('device_entry', 'insert', 'device.adopted', 'object', 'device'),
    ('device_entry', 'update', 'device.changed', 'object', 'device'),
    ('class_override', 'insert', 'class.changed', 'nothing', ''),
    ('class_override', 'update', 'class.changed', 'nothing', ''),
    ('class_override', 'delete', 'class.changed', 'nothing', ''),
    ('installation', 'insert', 'installation.decided', 'object', 'installation'),
    ('settings_record', 'insert', 'settings.changed', 'nothing', ''),
    ('settings_record', 'update', 'settings.changed', 'nothing', ''),
    ('settings_record', 'delete', 'settings.changed', 'nothing', ''),
    ('settings_record', 'insert', 'key.changed', 'nothing', ''),
    ('settings_record', 'update', 'key.changed', 'nothing', ''),
    ('settings_record', 'delete', 'key.changed', 'nothing', '');

reset role;
