# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Where the platform handles a code, a PIN, a password or a key that somebody could choose, hand out or type (term 16).

A place is either judged by `vaka.crypto.activation.require_usable_secret`, or says why there is nothing to judge.
tests/crypto/test_entry_points.py finds the places in the code and compares: a new one fails until it stands here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class EntryPoint:
    """One place where a secret comes in or goes out."""

    kind: str
    """The kind of secret it is judged as (`vaka.crypto.activation.KINDS`); empty where it is not judged."""
    why: str
    """Where it is not judged: what makes that unnecessary. Otherwise how it comes."""


def _judged(kind: str, how: str) -> EntryPoint:
    return EntryPoint(kind, how)


def _other(why: str) -> EntryPoint:
    return EntryPoint("", why)


TAKERS: Mapping[str, EntryPoint] = MappingProxyType(
    {
        "vaka.commands.device_sheet": _judged("device_secret", "the column password of `vaka device import`"),
        "vaka.commands.secret": _judged("device_secret", "`vaka device secret`: typed, or made with --generate"),
        "vaka.tenants.exercise_devices": _judged("device_secret", "made for the devices of an exercise"),
        "vaka.tenants.trial_devices": _judged("device_secret", "made for the device that sends trial alarms"),
        "vaka.demo.devices": _judged("device_secret", "made for the devices of a demo"),
        "vaka.identity.invitations": _judged(
            "invitation_code", "made by the office, `vaka account invite` and `vaka factor first`"
        ),
        "vaka.keys.token": _judged("key_device_pin", "a file that the operator writes; keyholder.device_pin"),
    }
)
"""By module: who takes a secret in, or makes one."""

PROMPTS: Mapping[tuple[str, str], EntryPoint] = MappingProxyType(
    {
        ("vaka.commands.secret", "Password"): _judged("device_secret", "typed"),
        ("vaka.commands.account", "Value"): _other("what an issuer asserts of somebody: hidden because it is personal"),
        ("vaka.commands.leaving", "Value"): _other("what an issuer asserts of somebody: hidden because it is personal"),
    }
)
"""By module and prompt: what is typed unseen."""

FIELDS: Mapping[tuple[str, str], EntryPoint] = MappingProxyType(
    {
        ("vaka.web.signin.federated", "code"): _other("an invitation's, made and judged by vaka.identity.invitations"),
        ("vaka.web.office.first_touch", "code"): _other("a first key's, made and judged by vaka.identity.invitations"),
        ("vaka.web.office.commands", "code"): _other("a command's: 34 random bits of its own making, for ten minutes"),
        ("vaka.simulate.device_file", "password"): _other(
            "the device's own side; no installation learns it from there"
        ),
        ("vaka.identity.trust_content", "token_endpoint"): _other("an address"),
        ("vaka.web.portal.api_token", "token"): _other("256 random bits that the portal made, good for ten minutes"),
        ("vaka.web.portal.api_token", "token_type_hint"): _other("what RFC 7009 lets a program say; not looked at"),
        ("vaka.keys.calls", "secret"): _other("a key of 256 bits, from the keyholder to a process of the same machine"),
    }
)
"""By module and name: fields of forms, files and bodies that are called like secrets."""

FILES: Mapping[str, EntryPoint] = MappingProxyType(
    {
        "keyholder.device_pin": _judged("key_device_pin", "read by vaka.keys.token"),
        "keyholder.root_credential": _other("256 bits in 64 hexadecimal digits or refused: vaka.keys.sealed_file"),
        "backup.passphrase": _other("made when it is first needed; a short one is refused: vaka.operations.backup"),
        "backup.files_passphrase": _other(
            "made when it is first needed; a short one is refused: vaka.operations.backup"
        ),
        "release.signing_key": _other("a private key, made when it is first needed: vaka.keys.signing_key"),
    }
)
"""By setting: files that hold a secret somebody may have written."""
