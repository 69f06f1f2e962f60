# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Flows of the installation's own that stand beside the product's: they loosen nothing, and mislead who reads."""

from collections.abc import Iterator

from vaka.errors import Sentence
from vaka.operations.doctor.findings import Finding, good, wrong
from vaka.operations.doctor.place import Place
from vaka.operations.flows.product import product_ports, read_register


def look_at_flows(place: Place) -> Iterator[Finding]:
    """Whether each flow of the installation's own has a name and a port that none of the product's has."""
    names, ports = {one["name"] for one in read_register()}, product_ports(place.settings)
    for one in place.settings.flows.own:
        if one.name in names:
            yield wrong(
                Sentence(
                    sv=f"Ett eget flöde heter {one.name}, som ett av produktens.",
                    en=f"A flow of your own is called {one.name}, as one of the product's is.",
                ),
                Sentence(
                    sv="Ge det ett annat namn i [[flows.own]], eller ta bort det där.",
                    en="Give it another name in [[flows.own]], or take it out there.",
                ),
            )
        whose = ports.get((one.transport, one.port))
        if whose is not None:
            yield wrong(
                Sentence(
                    sv=f"Det egna flödet {one.name} har {one.transport}-port {one.port}, som produktens {whose} har.",
                    en=f"The own flow {one.name} has {one.transport} port {one.port}, which the product's {whose} has.",
                ),
                Sentence(
                    sv=f"Ta bort det ur [[flows.own]]: registret har {whose} av sig självt, och vad det kräver "
                    "gäller ändå.",
                    en=f"Take it out of [[flows.own]]: the register has {whose} by itself, and what that asks for "
                    "holds all the same.",
                ),
            )
    yield good("Egna flöden har egna namn och portar.", "Flows of your own have names and ports of their own.")
