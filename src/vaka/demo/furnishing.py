# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Furnishing a demo: authorities, people, devices and personas, through the same doors as real ones."""

import secrets
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import psycopg

from vaka.access.grants import grant_role
from vaka.access.time_boxes import usual_end
from vaka.clock import SystemClock
from vaka.database.connections import open_connection
from vaka.database.server import PLATFORM_DATABASE, Server, platform_role
from vaka.demo.auditing import arrange_audit
from vaka.demo.authorities import AUTHORITIES, INTAKE, DemoAuthority, invent_units
from vaka.demo.certificates import CertificateAuthority
from vaka.demo.device_list import describe_devices, describe_unknown_devices, read_device_list, write_device_list
from vaka.demo.devices import invent_devices
from vaka.demo.people import invent_people
from vaka.demo.personas import PERSONAS
from vaka.demo.provider_facts import Figure
from vaka.demo.registering import is_registered, register_provider
from vaka.identity.accounts import create_account
from vaka.identity.installation import decide_installation
from vaka.keys.identities import Identities, open_identities
from vaka.keys.keyring import Keyring, open_keyring
from vaka.settings import Settings
from vaka.tenants.authorities import Authority
from vaka.tenants.device_secrets import SecretDesk
from vaka.tenants.devices import Device, register_devices
from vaka.tenants.gateway import Gateway
from vaka.tenants.on_call import register_on_call
from vaka.tenants.people import Person, Unit, UnitHours, register_people, register_units
from vaka.tenants.registration import register_authority

ACTOR = "demo"
SEED = 91100
"""The Swedish standard for social alarms is SS 91100."""
PEOPLE_EACH = 120


@dataclass(frozen=True, slots=True)
class Furnishing:
    """Where a demo keeps its files, and how much of everything it has."""

    root: Path
    """The data directory."""
    people_each: int = PEOPLE_EACH
    seed: int = SEED

    @property
    def directory(self) -> Path:
        """What only a demo has."""
        return self.root / "demo"

    @property
    def device_list(self) -> Path:
        """What the simulated devices read."""
        return self.directory / "devices.json"

    @property
    def issuer(self) -> CertificateAuthority:
        """The demo's own certificate authority."""
        return CertificateAuthority(self.root / "tls")

    @property
    def finished(self) -> Path:
        """Is there when everything was registered."""
        return self.directory / "finished"


def issue_certificates(furnishing: Furnishing, settings: Settings, now: datetime) -> None:
    """Make the demo's certificate authority and the receiver's certificate where they are missing or ending."""
    furnishing.directory.mkdir(mode=0o700, exist_ok=True)
    furnishing.issuer.create(now)
    receiver = settings.receiver
    hosts = tuple(dict.fromkeys(["localhost", "127.0.0.1", "::1", receiver.host, receiver.public_host]))
    furnishing.issuer.issue_for_server(
        furnishing.root / receiver.certificate,
        furnishing.root / receiver.certificate_key,
        tuple(host for host in hosts if host),
        now,
    )


async def furnish(
    server: Server, furnishing: Furnishing, settings: Settings, now: datetime, say: Callable[[str], None]
) -> bool:
    """Register everything a demo has; what is there already stays. A second start does next to nothing.

    Return whether something was decided that counts once the ledger has sealed it.
    """
    trusted = furnishing.issuer.certificate_file
    if furnishing.finished.exists():
        devices = read_device_list(furnishing.device_list)["devices"]
        write_device_list(furnishing.device_list, settings.receiver, trusted, devices)
        return await _furnish_provider(server, furnishing, settings, now)
    identities = open_identities(server.credentials)
    async with AsyncExitStack() as stack:
        keyring = await stack.enter_async_context(open_keyring(server, settings, "setup", SystemClock()))
        platform = await open_connection(server, platform_role("setup"), PLATFORM_DATABASE, application="vaka-demo")
        stack.push_async_callback(platform.close)
        await decide_installation(platform, "demo", now)
        registered = {}
        for demo in (*AUTHORITIES, INTAKE):
            registered[demo.slug] = await register_authority(
                server, platform, keyring, demo.slug, demo.name, kind=demo.authority_kind, actor=ACTOR, now=now
            )
        gateway = Gateway(server, "setup", registered.values())
        stack.push_async_callback(gateway.close)
        inventory = _Inventory(furnishing, settings, registered, identities, now)
        # Passwords are on disk before anything is registered: an interrupted start goes on with the same ones.
        write_device_list(furnishing.device_list, settings.receiver, trusted, inventory.descriptions)
        for demo in AUTHORITIES:
            await inventory.register(demo, registered[demo.slug], gateway, platform, keyring, identities)
            say(f"{demo.name}: {len(inventory.people[demo.slug])} people with devices registered")
        personas = await _register_personas(platform, registered, now)
        await _arrange_audits(server, registered, personas, now)
    furnishing.finished.touch(mode=0o600)
    return await _furnish_provider(server, furnishing, settings, now)


async def _furnish_provider(server: Server, furnishing: Furnishing, settings: Settings, now: datetime) -> bool:
    """Let the sign-in process believe the demo's provider; anew where its address is another than it was."""
    if is_registered(furnishing.root, settings, now):
        return False
    names = {demo.slug: demo.name for demo in (*AUTHORITIES, INTAKE)}
    figures = [
        Figure(persona=one.persona, display_name=one.display_name, realm=one.realm, role=one.role,
               places=[names[slug] for slug in one.authorities if slug])
        for one in PERSONAS
    ]  # fmt: skip
    await register_provider(server, settings, furnishing.root, figures, now)
    return True


class _Inventory:
    """All that is invented, from one seed."""

    def __init__(
        self,
        furnishing: Furnishing,
        settings: Settings,
        registered: Mapping[str, Authority],
        identities: Identities,
        now: datetime,
    ) -> None:
        known = {line["cid"]: line["password"] for line in read_device_list(furnishing.device_list)["devices"]}
        self._now = now
        self.units: dict[str, tuple[list[Unit], list[UnitHours]]] = {}
        self.people: dict[str, list[Person]] = {}
        self.devices: dict[str, list[Device]] = {}
        self.descriptions = describe_unknown_devices()
        for number, demo in enumerate(AUTHORITIES):
            chance = Random(furnishing.seed + number)  # noqa: S311 - invented people are no secret
            self.units[demo.slug] = invent_units(demo, chance)
            self.people[demo.slug] = invent_people(demo, furnishing.people_each, now, chance)
            devices = invent_devices(
                demo, self.people[demo.slug],
                SecretDesk(registered[demo.slug].id, identities, settings.receiver.realm, now), furnishing.issuer,
                furnishing.directory / "certificates", now, chance,
                lambda sender: known.get(sender) or secrets.token_urlsafe(18),
            )  # fmt: skip
            self.devices[demo.slug] = [line.device for line in devices]
            self.descriptions += describe_devices(devices, demo.slug)

    async def register(
        self,
        demo: DemoAuthority,
        authority: Authority,
        gateway: Gateway,
        platform: psycopg.AsyncConnection[Any],
        keyring: Keyring,
        identities: Identities,
    ) -> None:
        tenant = await gateway.open_own_connection(authority.id, "demo")
        try:
            units, hours = self.units[demo.slug]
            await register_on_call(tenant, authority.id, demo.on_call_phone, actor=ACTOR, now=self._now)
            await register_units(tenant, units, hours, actor=ACTOR, now=self._now)
            keys = keyring.of(authority.id)
            await register_people(tenant, keys, self.people[demo.slug], actor=ACTOR, now=self._now)
            await register_devices(
                tenant, platform, authority, identities, self.devices[demo.slug], actor=ACTOR, now=self._now
            )
        finally:
            await tenant.close()


async def _register_personas(
    platform: psycopg.AsyncConnection[Any], registered: dict[str, Authority], now: datetime
) -> dict[str, UUID]:
    accounts = {}
    for persona in PERSONAS:
        account = await create_account(
            platform, persona.display_name, kind=persona.kind, language=persona.language, persona=persona.persona,
            actor=ACTOR, now=now,
        )  # fmt: skip
        accounts[persona.persona] = account.id
        for slug in persona.authorities if persona.role else ():
            where = registered[slug].id if slug else None
            end = usual_end(persona.role, now)
            await grant_role(platform, account.id, persona.role or "", where, actor=ACTOR, now=now, valid_until=end)
    return accounts


async def _arrange_audits(
    server: Server, registered: Mapping[str, Authority], accounts: Mapping[str, UUID], now: datetime
) -> None:
    """Let every auditor have an audit: his role is worth something within one alone."""
    administrator = next(one for one in PERSONAS if one.role == "administrator")
    for auditor in PERSONAS:
        for slug in auditor.authorities if auditor.role == "auditor" else ():
            officer = next(one for one in PERSONAS if one.role == "contract_officer" and slug in one.authorities)
            await arrange_audit(
                server, registered[slug].id, officer=accounts[officer.persona], auditor=accounts[auditor.persona],
                administrator=accounts[administrator.persona], now=now,
            )  # fmt: skip
