# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Entries of the installation: authorities, settings, keys, commands, the database."""

from collections.abc import Mapping
from types import MappingProxyType

from vaka.ledger.about import OPERATOR, About
from vaka.ledger.events import Event

_LIMITS = (
    "amber_after_seconds", "red_after_seconds", "ring_all_after_seconds", "on_call_after_seconds",
    "repeat_window_seconds", "mass_silence_percent", "mass_silence_minimum", "lost_grace_seconds", "away_after_seconds",
)  # fmt: skip
_UNIT = "its name, its number, its areas"

INSTALLATION: Mapping[Event, About] = MappingProxyType(
    {
        Event.UNIT_REGISTERED: About(("account", "setup", "demo"), ("unit",), (), _UNIT),
        Event.UNIT_CHANGED: About(("account", "setup"), ("unit",), ("fields",), _UNIT),
        Event.UNIT_REMOVED: About(("account", "setup"), ("unit",), (), _UNIT),
        Event.AUTHORITY_REGISTERED: About(("account", "setup", "demo"), ("authority",), ("slug", "kind")),
        Event.AUTHORITY_RELEASED: About(
            ("scheduler",), ("authority",), ("order", "devices", "class_rules"), "whose devices they were"
        ),
        Event.AUTHORITY_CLOSED: About(("scheduler",), ("authority",), ("order",)),
        Event.INSTALLATION_DECIDED: About(("setup",), ("installation",)),
        Event.INSTALLATION_FOUNDED: About(("database",), ("installation",)),
        Event.SETTINGS_CHANGED: About(("supervisor",), ("settings",), ("names", "count", "first"), "any value"),
        Event.SETTINGS_DRIFTED: About(
            ("scheduler",), ("settings",), ("state", "authority"), "whatever stands in the file"
        ),
        Event.SETTINGS_SETTLED: About(("scheduler",), ("settings",), ("authority",), "whatever stands in the file"),
        Event.SETTINGS_ACCEPTED: About(
            ("setup", "supervisor", "account"), ("settings",), ("things", "count", "first"),
            "whatever stands in the files",
        ),
        Event.RELEASE_DEPLOYED: About(
            ("account", "setup"), ("release",),
            ("deployment", "version", "sequence", "kind", "entry", "attestation", "gates"),
        ),
        Event.RELEASE_REFUSED: About(("setup",), ("installation",), ("reason", "count"), "which files"),
        Event.RELEASE_DIFFERS: About(("scheduler",), ("installation",), ("reason", "count"), "which files"),
        Event.ISSUER_FOUNDED: About(
            ("account", "setup"), ("certificate_issuer",), ("sha256", "good_for", "ends_at", "at"), "its key"
        ),
        Event.CERTIFICATE_ISSUED: About(
            ("account", "setup"), ("certificate",),
            ("component", "signed_by", "hosts", "use", "sha256", "ends_at", "anew", "at"), "its key",
        ),
        Event.DATABASE_VISITED: About(
            ("scheduler",), ("database",), ("as", "authority"), "what the role is called, and what was asked"
        ),
        Event.KEY_CREATED: About(("sequencer",), ("key",), ("sha256",), "the secret key"),
        Event.KEY_CHANGED: About(("supervisor",), ("key",), ("sha256", "first"), "the secret key"),
        Event.KEY_ROTATED: About(
            ("setup", "scheduler"), ("key",), ("destroyed", "generation", "rewrapped"), "every key"
        ),
        Event.COMMAND_RUN: About(
            ("account", "setup"), ("command",),
            ("proved", "change", "applied", "tool", "purpose", "arguments", "authority", "count", "reason", "digest",
             "step_up", "dropped", "dropped_life"),
            "what was in the files it read, arguments that may be secret or name somebody",
        ),
        Event.COMMAND_APPROVED: About(
            OPERATOR, ("command_login",), ("machine", "uid", "step_up"),
            "the code, what the operating system calls him",
        ),
        Event.COMMAND_CONFIRMED: About(
            OPERATOR, ("command_confirmation",),
            ("command", "arguments", "arguments_sha256", "change", "purpose", "tool", "machine", "uid", "digest",
             "step_up"),
            "the code, arguments that may be secret or name somebody, what was in the files it reads",
        ),
        Event.COMMAND_UNPROVED: About(("setup",), ("command",), ("proved", "change"), "who ran it: nobody knows"),
        Event.COMMAND_SIGNED_IN: About(OPERATOR, ("command_session",), ("machine", "uid"), "the token"),
        Event.COMMAND_SIGNED_OUT: About(
            ("account", "setup"), ("command_session",), ("reason", "account", "step_up"), "the token"
        ),
        Event.SCHEMA_MIGRATED: About(("setup",), ("database",), ("count", "newest")),
        Event.ROW_CHANGED_BY_HAND: About(
            ("database",), ("account", "founding", "role_grant", "session", "authority", "device_entry", "installation",
                            "class_override", "settings_record", "trusted_issuer", "account_link", "invitation", "unit",
                            "unit_hours", "person", "contact", "note", "device", "policy", "closing_code", "legal_hold",
                            "removal_rules", "authority_export", "authority_ending", "security_key", "role_request",
                            "role_change", "break_glass", "declared_outage", "reminder", "digest", "digest_rule",
                            "calendar_link",
                            "designated_role", "unauthorised_grant", "activation_rules", "device_secret", "api_client"),
            ("operation",), "every word of the row but its random identifier",
        ),
        Event.POLICY_CHANGED: About(
            ("account", "setup", "demo"), ("authority",), ("closing_codes", "on_call_phone", *_LIMITS),
            "the greeting, the on-call number",
        ),
        Event.CLASS_CHANGED: About(
            ("setup",), ("authority",), ("message_type", "device_type", "status_code", "alarm_class", "reason"),
        ),
    }
)  # fmt: skip
