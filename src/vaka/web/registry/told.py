# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an authority's care system tells of people, and how: every member named, bounded, and of one kind."""

from datetime import date
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from vaka.tenants.people import Contact, Person

MOST_CONTACTS = 20
_UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[47][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$"
_PHONE = r"^(\+?[0-9][0-9 ()/-]{4,24})?$"

Line = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$")]
Prose = Annotated[str, Field(max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*$")]
Phone = Annotated[str, Field(max_length=26, pattern=_PHONE)]


class _Told(BaseModel):
    """Strict: what is of another kind is refused, and so is what nobody expects."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, hide_input_in_errors=True)


class ToldContact(_Told):
    """Whom to ring."""

    name: Name
    phone: Annotated[str, Field(min_length=5, max_length=26, pattern=_PHONE)]
    relation: Line = ""
    has_key: bool = False


class ToldPerson(_Told):
    """A person in care, as a care system tells of one."""

    id: Annotated[str, Field(pattern=_UUID, description="A UUID of version 4 or 7, chosen by the program.")]
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

    def as_person(self) -> Person:
        """Return the person that is told of."""
        facts: dict[str, Any] = {name: getattr(self, name) for name in type(self).model_fields}
        contacts = tuple(Contact(**one.model_dump()) for one in self.contacts)
        return Person(**{**facts, "id": UUID(self.id), "contacts": contacts})
