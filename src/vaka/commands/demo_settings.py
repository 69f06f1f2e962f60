# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The settings of a demo: written at its first start, with ports that are free, and kept from then on."""

import time
from collections.abc import Callable
from pathlib import Path

from vaka.commands.data_directory import DataDirectory, unusable
from vaka.commands.listening import Port, Protocol, find_free_port, is_free
from vaka.commands.settings_file import write_settings
from vaka.errors import ConfigurationError
from vaka.settings import AccessSettings, ReceiverSettings, Settings
from vaka.settings_operations import TrialSettings

HEADING = """\
Settings of a demo, written by `vaka demo`. Values changed here are kept; a port that another program holds at the
start is exchanged for a free one."""
DEFAULT = Settings(
    mode="demo", receiver=ReceiverSettings(device_authorities=Path("tls/authority.pem")),
    access=AccessSettings(step_up="when_enrolled"), trial=TrialSettings(trusted=Path("tls/authority.pem")),
)  # fmt: skip
_PATIENCE = (0.0, 0.2, 0.3, 0.5)
"""Seconds between looks at a held port: a run that was just killed may not have let go of it yet."""


def require_no_other(directory: DataDirectory) -> Settings | None:
    """Return the settings of the demo that is there, if one is; nothing is changed.

    Raises ConfigurationError where the directory belongs to an installation that is no demo.
    """
    known = directory.load_settings() if directory.settings_file.exists() else None
    if known is not None and known.mode != "demo":
        raise ConfigurationError(f"{directory.root} belongs to an installation that is no demo. Choose another --data.")
    return known


def settle(directory: DataDirectory, port_base: int | None, say: Callable[[str], None]) -> Settings:
    """Return the demo's settings, with ports that are free now; the file is written where it is new or they changed.

    Raises ConfigurationError where the directory belongs to an installation that is no demo, no port is free, or the
    file cannot be written.
    """
    known = require_no_other(directory)
    settings = _with_free_ports(_with_port_base(known or DEFAULT, port_base), say)
    if settings != known:
        try:
            write_settings(directory.settings_file, settings, HEADING)
        except OSError as error:
            raise unusable(directory.settings_file, "written", error) from error
    return settings


def _with_port_base(settings: Settings, base: int | None) -> Settings:
    if base is None:
        return settings
    return _with_ports(settings, base, base + 1, base + 2, base + 2, base + 3, base + 4, base + 5, base + 6, base + 7)


def _with_free_ports(settings: Settings, say: Callable[[str], None]) -> Settings:
    receiver, chosen = settings.receiver, set[int]()

    def choose(wanted: int | None, protocols: tuple[Protocol, ...], host: str, what: str) -> int | None:
        if wanted is None:
            return None
        number = wanted
        if wanted in chosen or not _becomes_free(wanted, protocols, host):
            number = find_free_port(wanted + 1, protocols, host, but_not=chosen)
            say(f"Port {wanted} is held by another program; {what} gets {number}.")
        chosen.add(number)
        return number

    signin = choose(settings.signin.port, ("tcp",), settings.signin.host, "sign-in")
    desk = choose(settings.desk.port, ("tcp",), settings.desk.host, "the desk")
    plain = choose(receiver.udp_port or receiver.tcp_port, ("udp", "tcp"), receiver.host, "SIP")
    tls = choose(receiver.tls_port, ("tcp",), receiver.host, "SIP over TLS")
    portal = choose(settings.portal.port, ("tcp",), settings.portal.host, "the portal")
    office = choose(settings.office.port, ("tcp",), settings.office.host, "the office")
    demo = choose(settings.demo.port, ("tcp",), settings.demo.host, "the demo's provider")
    registry = choose(settings.registry.port, ("tcp",), settings.registry.host, "the registry")
    return _with_ports(
        settings, signin, desk, receiver.udp_port and plain, receiver.tcp_port and plain, tls, portal, office, demo,
        registry,
    )  # fmt: skip


def _with_ports(
    settings: Settings,
    signin: int | None,
    desk: int | None,
    udp: int | None,
    tcp: int | None,
    tls: int | None,
    portal: int | None,
    office: int | None,
    demo: int | None,
    registry: int | None,
) -> Settings:
    return settings.model_copy(
        update={
            "signin": settings.signin.model_copy(update={"port": signin, "origin": f"http://localhost:{signin}"}),
            "desk": settings.desk.model_copy(update={"port": desk, "origin": f"http://localhost:{desk}"}),
            "office": settings.office.model_copy(update={"port": office, "origin": f"http://localhost:{office}"}),
            "demo": settings.demo.model_copy(update={"port": demo, "origin": f"http://localhost:{demo}"}),
            "registry": settings.registry.model_copy(
                update={"port": registry, "origin": f"http://localhost:{registry}"}
            ),
            "portal": settings.portal.model_copy(update={"port": portal, "origin": f"http://localhost:{portal}"}),
            "receiver": settings.receiver.model_copy(update={"udp_port": udp, "tcp_port": tcp, "tls_port": tls}),
        }
    )


def _becomes_free(number: int, protocols: tuple[Protocol, ...], host: str) -> bool:
    for seconds in _PATIENCE:
        time.sleep(seconds)
        if all(is_free(Port(protocol, number), host) for protocol in protocols):
            return True
    return False
