# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Who can sign in to a demo, and what each may do where. Names that nobody bears."""

from dataclasses import dataclass

from vaka.access.roles import ROLES
from vaka.identity.sessions import Realm

SUPPLIER = ("",)
"""The supplier's own premises, where administrators have their role."""
EVERYWHERE = ("ekbacka", "norrvik", "sjohult", "mottagning")


@dataclass(frozen=True, slots=True)
class DemoPersona:
    """A figure one can sign in as."""

    persona: str
    display_name: str
    what: str
    """For the list that `vaka demo` prints."""
    role: str | None = None
    authorities: tuple[str, ...] = ()
    """Slugs; an empty one is the supplier's own premises."""
    kind: str = "user"
    language: str = "sv"

    @property
    def realm(self) -> Realm:
        """Where it signs in to."""
        return realm_of(self.kind, self.role)


def realm_of(kind: str, role: str | None) -> Realm:
    """Return where somebody signs in to: administrators to their own, otherwise where the role is at work."""
    if kind == "administrator":
        return "administrator"
    return "authority" if role is not None and ROLES[role].realm == "authority" else "operator"


PERSONAS = (
    DemoPersona("operator", "Olga Operatör", "operator, all authorities", "operator", EVERYWHERE),
    DemoPersona("operator_english", "Emily Example", "operator, all authorities, in English", "operator", EVERYWHERE,
                language="en"),
    DemoPersona("operator_ekbacka", "Edvin Ekbackasson", "operator, Ekbacka only", "operator", ("ekbacka",)),
    DemoPersona("operator_norrvik_sjohult", "Nils Norrviksson", "operator, Norrvik and Sjöhult", "operator",
                ("norrvik", "sjohult")),
    DemoPersona("shift_leader", "Lena Ledarsson", "shift leader, all authorities", "shift_leader", EVERYWHERE),
    DemoPersona("technician", "Tekla Tekniksson", "device technician, all authorities", "device_technician",
                EVERYWHERE),
    DemoPersona("quality_reviewer", "Greta Gransksson", "quality reviewer, Ekbacka only", "quality_reviewer",
                ("ekbacka",)),
    DemoPersona("log_reviewer_ekbacka", "Lovisa Loggdotter", "log reviewer of Ekbacka", "log_reviewer", ("ekbacka",)),
    DemoPersona("log_reviewer_norrvik", "Loke Loggman", "log reviewer of Norrvik", "log_reviewer", ("norrvik",)),
    DemoPersona("log_reviewer_sjohult", "Lilly Loggqvist", "log reviewer of Sjöhult, in English", "log_reviewer",
                ("sjohult",), language="en"),
    DemoPersona("contract_officer_ekbacka", "Agneta Avtalsson", "contract officer of Ekbacka: how long its log is kept",
                "contract_officer", ("ekbacka",)),
    DemoPersona("records_officer_ekbacka", "Gunilla Gallringsson", "records officer of Ekbacka: erases people",
                "records_officer", ("ekbacka",)),
    DemoPersona("second_records_officer_ekbacka", "Rakel Radersson", "a second records officer of Ekbacka, to approve",
                "records_officer", ("ekbacka",)),
    DemoPersona("archivist_ekbacka", "Astrid Arkivsson", "archivist of Ekbacka: approves what is removed, legal holds",
                "archivist", ("ekbacka",)),
    DemoPersona("access_approver_ekbacka", "Beata Behörigsson", "access approver of Ekbacka: who gets which role",
                "access_approver", ("ekbacka",)),
    DemoPersona("auditor_ekbacka", "Rune Revisorsson", "auditor of Ekbacka: reads the log, names nobody in care",
                "auditor", ("ekbacka",)),
    DemoPersona("supplier_administrator", "Adam Administratörsson", "administrator: sees no alarm and no person",
                "administrator", SUPPLIER, kind="administrator"),
    DemoPersona("second_supplier_administrator", "Ada Administratörsdotter", "a second administrator, to approve",
                "administrator", SUPPLIER, kind="administrator"),
)  # fmt: skip
