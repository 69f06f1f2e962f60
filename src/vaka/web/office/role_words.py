# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a request for other roles says, in words: what ends, what is given at once, what waits for an authority."""

from collections.abc import Collection, Iterable, Mapping
from uuid import UUID

from vaka.access.role_lines import RoleLine
from vaka.access.roles import ROLES
from vaka.errors import Sentence
from vaka.web.texts import Language
from vaka.web.times import whole_minute

_SUPPLIER = Sentence("leverantören", "the supplier")
_UNTIL = Sentence("till", "until")


def tell_lines(
    lines: Iterable[RoleLine], authorities: Mapping[UUID, str], designated: Collection[tuple[UUID, str]],
    language: Language,
) -> Mapping[str, str]:  # fmt: skip
    """Return the lines in words: ``ends``, ``gives`` and, of what the authority has designated, ``waits``."""
    told: dict[str, list[str]] = {"ends": [], "gives": [], "waits": []}
    for line in lines:
        kind = "ends" if line.kind == "end" else "waits" if is_designated(line, designated) else "gives"
        told[kind].append(_tell(line, authorities, language))
    return {kind: "; ".join(words) for kind, words in told.items() if words}


def is_designated(line: RoleLine, designated: Collection[tuple[UUID, str]]) -> bool:
    """Whether what is given is worth nothing before the authority has approved it."""
    return line.kind == "give" and line.authority_id is not None and (line.authority_id, line.role) in designated


def _tell(line: RoleLine, authorities: Mapping[UUID, str], language: Language) -> str:
    role = ROLES[line.role].title.in_language(language) if line.role in ROLES else line.role
    if line.authority_id is None:
        where = _SUPPLIER.in_language(language)
    else:
        where = authorities.get(line.authority_id, str(line.authority_id))
    until = "" if line.until is None else f", {_UNTIL.in_language(language)} {whole_minute(line.until)}"
    return f"{role}, {where}{until}"
