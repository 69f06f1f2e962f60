# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The register of the product's flows (``register.toml``), and which of them an installation has by its settings."""

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from importlib.resources import files
from operator import attrgetter
from typing import Any

from vaka.settings import Settings

Entry = Mapping[str, Any]


@cache
def read_register() -> Sequence[Entry]:
    """Return every entry, as it stands there."""
    text = files("vaka.operations.flows").joinpath("register.toml").read_text("utf-8")
    found: Sequence[Entry] = tomllib.loads(text)["flow"]
    return found


def list_product_flows(settings: Settings) -> Iterator[tuple[Entry, int | None]]:
    """Yield the entries that there are with these settings, each with its port, where it has one that is open."""
    for one in read_register():
        if "only" not in one or attrgetter(one["only"])(settings):
            yield one, attrgetter(one["listens"])(settings) if "listens" in one else one.get("port")


def product_ports(settings: Settings) -> Mapping[tuple[str, int], str]:
    """Return the name of a flow for each transport and port that something of the product listens on."""
    ports: dict[tuple[str, int], str] = {}
    for one, port in list_product_flows(settings):
        if port is not None and not one.get("elsewhere"):
            ports.setdefault((one["transport"], port), one["name"])
    return ports
