# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority's care system tells of people, and how: every member named, bounded, and of one kind."""

from datetime import UTC, date, datetime
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import to_jsonable_python

from vaka.identifiers import new_identifier
from vaka.tenants.people import Contact, Note, Person

MOST_CONTACTS = 20
MOST_NOTES = 20
_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_PHONE = r"^(\+?[0-9][0-9 ()/-]{4,24})?$"

_DAY = (
    r"((20|21)[0-9]{2}-((0[13578]|1[02])-(0[1-9]|[12][0-9]|3[01])|(0[469]|11)-(0[1-9]|[12][0-9]|30)"
    r"|02-(0[1-9]|1[0-9]|2[0-8]))|(20([02468][048]|[13579][26])|21(0[48]|[2468][048]|[13579][26]))-02-29)"
)

Line = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
Prose = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Phone = Annotated[str, Field(max_length=26, pattern=_PHONE)]

Moment = Annotated[
    str,
    Field(
        pattern=rf"^{_DAY}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{{1,6}})?(Z|[+-](0[0-9]|1[0-3]):[0-5][0-9])$",
        description="A moment with its zone (RFC 3339), of the years 2000 to 2199.",
    ),
]


class _Told(BaseModel):
    """Strict: what is of another kind is refused, and so is what nobody expects."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ToldContact(_Told):
    """Whom to ring."""

    name: Name
    phone: Annotated[str, Field(min_length=5, max_length=26, pattern=_PHONE)]
    relation: Line = ""
    has_key: bool = False


class ToldNote(_Told):
    """What the operator sees of a person until it expires. Since when it is there, the register says."""

    body: Annotated[str, Field(min_length=1, max_length=1000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
    must_see: bool = False
    expires_at: Moment | None = None


class ToldFacts(_Told):
    """What a care system tells of a person in care."""

    given_name: Name
    family_name: Name
    personal_number: Annotated[str, Field(pattern="^([0-9]{12})?$")] = ""
    born_on: date | None = None
    phone: Phone = ""
    language: Line = "svenska"
    hearing: Line = ""
    speech: Line = ""
    cognition: Line = ""
    street: Line = ""
    postal_code: Line = ""
    city: Line = ""
    floor: Line = ""
    door_code: Line = ""
    route: Prose = ""
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)] | None = None
    area: Line = ""
    risks: Annotated[tuple[Line, ...], Field(max_length=20)] = ()
    care_notes: Prose = ""
    key_number: Line = ""
    key_box: Line = ""
    digital_lock: Line = ""
    protected_identity: bool = False
    contacts: Annotated[tuple[ToldContact, ...], Field(max_length=MOST_CONTACTS)] = ()
    notes: Annotated[tuple[ToldNote, ...], Field(max_length=MOST_NOTES)] = ()
    absent_from: Moment | None = None
    absent_until: Moment | None = None
    absence_reason: Line = ""

    def as_person(self, person: UUID, now: datetime) -> Person:
        """Return the person that is told of."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in ToldFacts.model_fields}
        return Person(**facts | {
            "id": person,
            "contacts": tuple(Contact(**one.model_dump()) for one in self.contacts),
            "notes": tuple(
                Note(new_identifier(now), one.body, now, one.must_see, _moment(one.expires_at)) for one in self.notes
            ),
            "absent_from": _moment(self.absent_from), "absent_until": _moment(self.absent_until),
        })  # fmt: skip


class ToldPerson(ToldFacts):
    """A person in care who may be new."""

    id: Annotated[str, Field(pattern=_UUID, description="A UUID of version 4 or 7, chosen by the program.")]


def tell_person(person: Person) -> dict[str, Any]:
    """Return a person as a program tells of one."""
    facts = {name: getattr(person, name) for name in ToldFacts.model_fields}
    facts["contacts"] = [{name: getattr(one, name) for name in ToldContact.model_fields} for one in person.contacts]
    facts["notes"] = [{name: getattr(one, name) for name in ToldNote.model_fields} for one in person.notes]
    told: dict[str, Any] = to_jsonable_python(facts)
    return told


def _moment(said: str | None) -> datetime | None:
    return None if said is None else datetime.fromisoformat(said).astimezone(UTC)
