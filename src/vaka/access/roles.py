# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Roles, as data: which permissions each gives, in which realm. A role that is not here gives nothing."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from vaka.access.permissions import PRIVILEGED, Permission
from vaka.errors import Sentence

OPERATOR_PERMISSIONS = frozenset(
    {
        Permission.DESK_SEE_QUEUE,
        Permission.DESK_HANDLE_ALARM,
        Permission.DESK_READ_PERSON,
        Permission.DESK_SEE_HISTORY,
        Permission.DESK_READ_RULES,
        Permission.DESK_OWN_KEYS,
        Permission.DESK_OWN_SESSIONS,
    }
)


@dataclass(frozen=True, slots=True)
class Role:
    """A named set of permissions that can be granted in one authority at a time; those of administrators' realm, at the
    supplier's own premises alone.
    """

    name: str
    title: Sentence
    realm: str
    """Only a session of this realm can use the role."""
    permissions: frozenset[Permission]
    time_boxed: bool = False
    """Whether it is given with an end alone (``vaka.access.time_boxes``)."""

    @property
    def is_privileged(self) -> bool:
        """Whether it gives anything of what an authority wants to see the holders of (term 10)."""
        return not self.permissions.isdisjoint(PRIVILEGED)


ROLES: Mapping[str, Role] = MappingProxyType(
    {
        role.name: role
        for role in (
            Role("operator", Sentence("Larmoperatör", "Alarm operator"), "operator", OPERATOR_PERMISSIONS),
            Role(
                "shift_leader",
                Sentence("Arbetsledare", "Shift leader"),
                "operator",
                OPERATOR_PERMISSIONS
                | {
                    Permission.DESK_TAKE_OVER,
                    Permission.DESK_BULK_CLOSE,
                    Permission.DESK_ADOPT_DEVICE,
                    Permission.DESK_DECLARE_OUTAGE,
                },
            ),
            Role(
                "device_technician",
                Sentence("Larmtekniker", "Device technician"),
                "operator",
                frozenset(
                    {
                        Permission.DESK_SEE_QUEUE,
                        Permission.DESK_SEE_HISTORY,
                        Permission.DESK_ADOPT_DEVICE,
                        Permission.DESK_READ_RULES,
                        Permission.DESK_OWN_KEYS,
                        Permission.DESK_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "quality_reviewer",
                Sentence("Kvalitetsgranskare", "Quality reviewer"),
                "operator",
                frozenset(
                    {
                        Permission.DESK_SEE_HISTORY,
                        Permission.DESK_READ_RULES,
                        Permission.DESK_OWN_KEYS,
                        Permission.DESK_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "log_reviewer",
                Sentence("Loggranskare", "Log reviewer"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_READ_LOG,
                        Permission.PORTAL_FIND_PERSON,
                        Permission.PORTAL_EXPORT_LOG,
                        Permission.PORTAL_VERIFY_LOG,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_OWN_RECEIPT,
                        Permission.PORTAL_OWN_CLIENTS,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "contract_officer",
                Sentence("Avtalsansvarig", "Contract officer"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_SET_RETENTION,
                        Permission.PORTAL_PUBLISH_RULES,
                        Permission.PORTAL_SEE_ACCESS,
                        Permission.PORTAL_DESIGNATE_ROLE,
                        Permission.PORTAL_ASK_EXERCISE,
                        Permission.PORTAL_SET_NOTICES,
                        Permission.PORTAL_HANDLE_CASES,
                        Permission.PORTAL_READ_CASES,
                        Permission.PORTAL_SET_ACTIVATION,
                        Permission.PORTAL_APPROVE_ACTIVATION,
                        Permission.PORTAL_SET_REMOVAL,
                        Permission.PORTAL_APPROVE_REMOVAL,
                        Permission.PORTAL_ASK_SUPPLIER,
                        Permission.PORTAL_EXCLUDE_TERM,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_OWN_RECEIPT,
                        Permission.PORTAL_OWN_CLIENTS,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "archivist",
                Sentence("Arkivansvarig", "Archivist"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_SET_REMOVAL,
                        Permission.PORTAL_APPROVE_REMOVAL,
                        Permission.PORTAL_HOLD_PERSON,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_OWN_RECEIPT,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "records_officer",
                Sentence("Gallringsansvarig", "Records officer"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_ERASE,
                        Permission.PORTAL_EXPORT_AUTHORITY,
                        Permission.PORTAL_END_AUTHORITY,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_OWN_RECEIPT,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "auditor",
                Sentence("Revisor", "Auditor"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_READ_LOG,
                        Permission.PORTAL_SEE_ACCESS,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_AUDIT,
                        Permission.PORTAL_READ_CASES,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
                time_boxed=True,
            ),
            Role(
                "access_approver",
                Sentence("Behörighetsgodkännare", "Access approver"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_SEE_ACCESS,
                        Permission.PORTAL_DESIGNATE_ROLE,
                        Permission.PORTAL_SET_NOTICES,
                        Permission.PORTAL_APPROVE_ACCESS,
                        Permission.PORTAL_SET_ACTIVATION,
                        Permission.PORTAL_APPROVE_ACTIVATION,
                        Permission.PORTAL_OWN_CLIENTS,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "care_manager",
                Sentence("Biståndshandläggare", "Care manager"),
                "authority",
                frozenset(
                    {
                        Permission.PORTAL_REGISTER_PEOPLE,
                        Permission.PORTAL_KEEP_PEOPLE,
                        Permission.PORTAL_OWN_CLIENTS,
                        Permission.PORTAL_SEE_TERMS,
                        Permission.PORTAL_OWN_RECEIPT,
                        Permission.PORTAL_OWN_KEYS,
                        Permission.PORTAL_OWN_SESSIONS,
                    }
                ),
            ),
            Role(
                "administrator",
                Sentence("Administratör", "Administrator"),
                "administrator",
                frozenset(
                    {
                        Permission.OFFICE_SEE_ACCOUNTS,
                        Permission.OFFICE_ASK_ACCOUNT,
                        Permission.OFFICE_DECIDE_ACCOUNT,
                        Permission.OFFICE_SET_ISSUERS,
                        Permission.OFFICE_DECLARE_OUTAGE,
                        Permission.OFFICE_RUN_COMMANDS,
                        Permission.OFFICE_SEE_TERMS,
                        Permission.OFFICE_HANDLE_CASES,
                        Permission.OFFICE_SEE_REGISTERS,
                        Permission.OFFICE_KEEP_REGISTERS,
                        Permission.OFFICE_DECIDE_REGISTERS,
                        Permission.OFFICE_ANSWER_AUTHORITIES,
                        Permission.OFFICE_KEEP_EXERCISES,
                        Permission.OFFICE_OWN_KEYS,
                        Permission.OFFICE_OWN_SESSIONS,
                    }
                ),
            ),
        )
    }
)

PRIVILEGED_ROLES: tuple[str, ...] = tuple(role.name for role in ROLES.values() if role.is_privileged)


WITH_AUTHORITIES: tuple[str, ...] = tuple(name for name, role in ROLES.items() if role.realm != "administrator")
"""The roles that are held with an authority, and that it can designate."""


def roles_with(permission: Permission) -> list[str]:
    """Return the roles that give ``permission``, for a query over grants."""
    return [role.name for role in ROLES.values() if permission in role.permissions]


AUTHORITY_ROLES = [role.name for role in ROLES.values() if role.realm == "authority"]
"""Those of authorities' own people, of whom nothing is asked that is asked of the supplier's."""
