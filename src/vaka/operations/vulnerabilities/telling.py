# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What authorities read of a finding in its case: in Swedish and then in English, since what is written stays. Pure."""

from datetime import datetime

from vaka.clock import LOCAL
from vaka.operations.vulnerabilities.comparing import Finding

GONE = (
    "Ingen komponent som körs har sårbarheten längre, enligt en ny jämförelse av det som körs.\n"
    "No component that runs has the vulnerability any more, by a new comparison of what runs."
)
WITHDRAWN = (
    "Det som är publicerat säger inte längre att det som körs har sårbarheten. Samma version körs fortfarande.\n"
    "What is published says no more that what runs has the vulnerability. The same version still runs."
)
MORE = "Hela listan står under Ärenden i portalen. / The whole list stands under Cases in the portal."


def open_with(finding: Finding) -> str:
    """Return what the case begins with: the vulnerability, and nothing of who has what."""
    published = "" if finding.published_at is None else finding.published_at[:10]
    lines = [
        f"{finding.vulnerability} hittades när det som körs jämfördes med publicerade sårbarheter.",
        f"{finding.vulnerability} was found when what runs was compared with published vulnerabilities.",
        finding.summary, f"Underlag / Source: {', '.join(finding.advisories)[:200]}",
        f"Allvar / Severity: {finding.basis}", f"Publicerad / Published: {published}" if published else "",
        finding.reference[:500],
    ]  # fmt: skip
    return "\n".join(line for line in lines if line)


def tell(finding: Finding) -> str:
    """Return what an authority that is concerned reads: its component, and what is done."""
    what = f"{finding.vulnerability}: {finding.name} {finding.version}"
    if not finding.fixed_version:
        return f"{what}. Ingen rättad version finns än. / There is no version yet that mends it."
    return f"{what}. Rättas genom att uppgradera till / Mended by upgrading to {finding.fixed_version}."


def title_minor(now: datetime) -> str:
    """Return what a case of what is of low severity is called."""
    return f"Mindre allvarliga sårbarheter / Minor vulnerabilities {now.astimezone(LOCAL):%Y-%m-%d}"


MINOR = (
    "Sårbarheter av lågt allvar som hittades i samma jämförelse. Var och en står för sig under Ärenden i portalen.\n"
    "Vulnerabilities of low severity that were found in one comparison. Each stands by itself under Cases "
    "in the portal."
)


def title_unscored(now: datetime) -> str:
    """Return what a case of what nobody scored yet is called."""
    return f"Sårbarheter som ingen har graderat / Unscored vulnerabilities {now.astimezone(LOCAL):%Y-%m-%d}"


UNSCORED = (
    "Sårbarheter i Debians paket som ingen har graderat än, ur samma jämförelse. De räknas som allvarliga, och var och "
    "en står för sig under Ärenden i portalen.\n"
    "Vulnerabilities in packages of Debian's that nobody scored yet, of one comparison. They count as severe, and each "
    "stands by itself under Cases in the portal."
)


def tell_unaffected(justification: str, because: str, what: str) -> str:
    """Return what those are told who were told of something that does not affect them after all."""
    return (
        f"{what}: påverkas inte ({justification}), enligt två personer hos leverantören.\n"
        f"{what}: not affected ({justification}), say two people of the supplier.\n{because}"
    )
