# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is told of a vulnerability (term 29): which components, how each stands, what is done, and three clocks. Pure.

An advisory that would leave its reader without an answer cannot be made: an affected product without a remediation, one
that is said not to be affected without the reason, a fix without its time.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from vaka.errors import Category, Sentence, VakaError

Status = Literal["affected", "not_affected", "fixed", "under_investigation"]
Justification = Literal[
    "component_not_present",
    "vulnerable_code_not_present",
    "vulnerable_code_cannot_be_controlled_by_adversary",
    "vulnerable_code_not_in_execute_path",
    "inline_mitigations_already_exist",
]
"""Why a product is not affected: the five reasons of CSAF 2.0 section 3.2.3.5 (and of VEX)."""
RemedyKind = Literal["mitigation", "no_fix_planned", "none_available", "vendor_fix", "workaround"]
Tlp = Literal["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]
"""Who may be told further (Traffic Light Protocol 2.0)."""
Kind = Literal["advisory", "vex"]
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,}")


@dataclass(frozen=True, slots=True)
class Component:
    """A component as the bill of materials names it."""

    name: str
    version: str
    purl: str
    """Its package URL."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What the reader does about it, or that nothing can be done."""

    kind: RemedyKind
    details: str
    at: datetime | None = None
    """Since when there is this remedy."""


@dataclass(frozen=True, slots=True)
class Product:
    """How one component stands."""

    component: Component
    status: Status
    remedy: Remedy | None = None
    justification: Justification | None = None
    because: str = ""
    """The justification in words."""


@dataclass(frozen=True, slots=True)
class Advisory:
    """Everything that is told. Where `told` is before `known`, or another clock runs backwards, it is refused."""

    id: str
    """What the supplier calls it."""
    kind: Kind
    title: str
    summary: str
    vulnerability: str
    """Its CVE, or what another source calls it."""
    source: str
    """Who calls it so, where it is no CVE; for others empty."""
    tlp: Tlp
    publisher: str
    namespace: str
    """A URL of the publisher's own."""
    references: Sequence[str]
    """URLs of what others say."""
    products: Sequence[Product]
    known: datetime
    told: datetime
    fixed: datetime | None

    @property
    def is_cve(self) -> bool:
        """Whether the vulnerability is called by a CVE."""
        return _CVE.fullmatch(self.vulnerability) is not None


class UnusableAdvisoryError(VakaError):
    """An advisory that would leave a question open."""

    def __init__(self, sv: str, en: str) -> None:
        super().__init__(Category.INVALID, Sentence(sv=sv, en=en))


def require_usable(advisory: Advisory) -> None:
    """Raise UnusableAdvisoryError where an advisory would leave a question open."""
    if not advisory.products:
        raise UnusableAdvisoryError("Meddelandet nämner ingen komponent.", "The advisory names no component.")
    twice = [purl for purl, count in Counter(one.component.purl for one in advisory.products).items() if count > 1]
    if twice:
        raise UnusableAdvisoryError(
            f"{twice[0]} står mer än en gång, så det går inte att säga hur den berörs.",
            f"{twice[0]} stands there more than once, so that nobody can say how it is affected.",
        )
    for one in advisory.products:
        _require_answer(one)
    if not advisory.is_cve and not advisory.source:
        raise UnusableAdvisoryError(
            "Sårbarheten har inget CVE-nummer. Ange vem som kallar den så.",
            "The vulnerability has no CVE. Say who calls it so.",
        )
    if advisory.kind == "advisory" and not advisory.references:
        raise UnusableAdvisoryError(
            "Ange minst en adress där mer står om sårbarheten.", "Name an address with more about the vulnerability."
        )
    _require_clocks(advisory)


def _require_answer(product: Product) -> None:
    purl = product.component.purl
    if product.status == "affected" and product.remedy is None:
        raise UnusableAdvisoryError(
            f"{purl} berörs, och det står inte vad som ska göras. Ange en åtgärd, eller att det inte finns någon.",
            f"{purl} is affected, and nothing says what to do. Name a remedy, or that there is none.",
        )
    if product.status == "not_affected" and (product.justification is None or not product.because):
        raise UnusableAdvisoryError(
            f"{purl} sägs inte beröras, och det står inte varför. Ange ett av skälen, och skriv ut det.",
            f"{purl} is said not to be affected, and nothing says why. Give one of the reasons, and put it in words.",
        )
    if product.status != "not_affected" and product.justification is not None:
        raise UnusableAdvisoryError(
            f"{purl} har ett skäl att inte beröras, och sägs inte vara det.",
            f"{purl} has a reason for not being affected, and is not said not to be.",
        )


def _require_clocks(advisory: Advisory) -> None:
    times = [advisory.known, advisory.told, *([] if advisory.fixed is None else [advisory.fixed])]
    if any(one.tzinfo is None for one in times):
        raise UnusableAdvisoryError("Varje tid behöver sin tidszon.", "Each time needs its zone.")
    if any(one < advisory.known for one in times):
        raise UnusableAdvisoryError(
            "Sårbarheten kan inte ha meddelats eller rättats innan den var känd.",
            "The vulnerability cannot have been told of, or fixed, before it was known.",
        )
    if (advisory.fixed is None) == any(one.status == "fixed" for one in advisory.products):
        raise UnusableAdvisoryError(
            "Säg när det är rättat, om någon komponent är rättad, och annars inte.",
            "Say when it was fixed where a component is fixed, and nowhere else.",
        )
