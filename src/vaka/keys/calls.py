# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Everything that can be asked of the keyholder, and who may ask it: this table, and nothing else (term 14).

A component that a call does not name is refused; so is a call that is not here. ``docs/keyholder.md`` is drawn from it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

COMPONENTS = ("setup", "desk", "portal", "registry", "scheduler")
"""Who has a credential at all."""
MOST_SUBJECTS = 1000
"""In one call, and on one page."""
NEWEST_EDITION = 2**31 - 1
"""The largest number of an edition that the key database can hold."""
READ_SECONDS = 10.0
TURN_SECONDS = 600.0
"""Replacing a large authority's key wraps everybody's anew."""

Subjects = Annotated[tuple[UUID, ...], Field(min_length=1, max_length=MOST_SUBJECTS)]
Version = Annotated[int, Field(ge=0, le=65_535)]
Purpose = Literal["personal_number", "phone"]


class Body(BaseModel):
    """A request or an answer; bytes are in base64."""

    model_config = ConfigDict(extra="forbid", frozen=True, ser_json_bytes="base64", val_json_bytes="base64")


class Nothing(Body):
    """No fields."""


class OfAuthority(Body):
    """An authority."""

    authority: UUID


class OfSubjects(OfAuthority):
    """People of an authority."""

    subjects: Subjects


class OfPage(OfAuthority):
    """All people of an authority, a page at a time: those after the last one of the page before."""

    after_subject: UUID = UUID(int=0)
    after_version: Version = 0
    limit: Annotated[int, Field(ge=1, le=MOST_SUBJECTS)] = MOST_SUBJECTS


class OfPurpose(OfAuthority):
    """A kind of blind lookup."""

    purpose: Purpose


class OfErasure(OfSubjects):
    """People to erase, and the order it is done by. An order is carried out once, however often it is given."""

    order: UUID


class OfErased(OfAuthority):
    """Everybody of an authority who was erased, a page at a time: those after the last one of the page before."""

    after_subject: UUID = UUID(int=0)
    limit: Annotated[int, Field(ge=1, le=MOST_SUBJECTS)] = MOST_SUBJECTS


class OfObjects(OfAuthority):
    """People or devices of an authority, of whom something is to be written anew."""

    objects: Subjects


class Written(Body):
    """An edition that was written."""

    object: UUID
    number: Annotated[int, Field(ge=1, le=NEWEST_EDITION)]


class OfWritten(OfAuthority):
    """Editions that were written."""

    written: Annotated[tuple[Written, ...], Field(min_length=1, max_length=MOST_SUBJECTS)]


class OfTurn(Body):
    """All editions of all authorities, a page at a time: those that changed after a turn."""

    after_turn: Annotated[int, Field(ge=0)] = 0


class OfEnd(OfAuthority):
    """An authority to erase, and the order."""

    order: UUID


class Key(Body):
    """A version of a person's data key."""

    subject: UUID
    version: Version
    secret: bytes = Field(repr=False)
    address: bytes


class Keys(Body):
    """Data keys."""

    keys: tuple[Key, ...]


class Address(Body):
    """The public half of what letters to a person are sealed with."""

    subject: UUID
    version: Version
    address: bytes


class Addresses(Body):
    """Addresses."""

    addresses: tuple[Address, ...]


class Copy(Body):
    """A person's wrapped data key, as it stands in a copy of the key database."""

    version: Version
    address: Annotated[bytes, Field(max_length=64)]
    wrapped: Annotated[bytes, Field(max_length=256)]


class OfCopies(OfAuthority):
    """What a copy of the key database holds that was under a person: the authority's wrapped key, and the person's."""

    subject: UUID
    key_version: Version
    key: Annotated[bytes, Field(max_length=256)]
    copies: Annotated[tuple[Copy, ...], Field(max_length=100)]


class Edition(Body):
    """Which editions of what is written of an object count: from the one that is settled to the newest issued."""

    authority: UUID
    object: UUID
    issued: int
    settled: int
    turn: int


class Editions(Body):
    """Editions."""

    editions: tuple[Edition, ...]


class Lost(Body):
    """Of which objects an edition was written that was never issued, as far as the keyholder's database knows."""

    objects: tuple[UUID, ...]


class Readmitted(Body):
    """Of how many objects older editions count again."""

    objects: int


class Tried(Body):
    """How many of the copies could be unwrapped. Never what is in them."""

    opened: int


class LookupKey(Body):
    """A key for blind lookups."""

    key: bytes = Field(repr=False)


class Opened(Body):
    """Which version of its key the authority has."""

    version: int


class Replaced(Body):
    """What was replaced: versions of the authority's key and of the root key, and the generation since."""

    key_destroyed: int | None
    key_new: int | None
    root_destroyed: int | None
    root_new: int
    generation: int
    rewrapped: int


class Erased(Body):
    """What was destroyed, and how many keys live on under the new version."""

    subjects: int
    rewrapped: int
    key_destroyed: int
    key_new: int | None
    root_destroyed: int
    root_new: int
    generation: int


class Gone(Body):
    """Who was erased, and by which order."""

    subject: UUID
    order: UUID


class GoneOnes(Body):
    """Those who were erased."""

    gone: tuple[Gone, ...]


class End(Body):
    """By which order an authority was erased, and when."""

    order: UUID
    at: datetime


class Ended(Body):
    """The end of an authority; None where there was none."""

    end: End | None


class Registered(Body):
    """One key of the register. Never material."""

    id: str
    kind: str
    purpose: str
    owner: str
    keys: int
    """How many keys the line is about; people's are one line for each authority."""
    created: datetime
    rotate_by: datetime | None
    state: Literal["current", "due", "destroyed"]


class Register(Body):
    """Every living key, and the last ones that were destroyed."""

    keys: tuple[Registered, ...]


class State(Body):
    """How the keyholder is."""

    store: UUID
    generation: int
    root_version: int
    authorities: int
    subjects: int
    erasures: int
    turn: int
    """Of the newest change of any edition."""


class Metrics(Body):
    """Its measurements, as Prometheus reads them."""

    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """One thing that can be asked."""

    name: str
    request: type[Body]
    answer: type[Body]
    components: frozenset[str]
    does: str
    seconds: float = READ_SECONDS
    """How long the answer may take."""


def _table(*calls: Call) -> Mapping[str, Call]:
    return MappingProxyType({call.name: call for call in calls})


_EVERYONE = frozenset(COMPONENTS)
_SETUP = frozenset({"setup"})

CALLS = _table(
    Call("open_authority", OfAuthority, Opened, _SETUP, "Gives an authority its keys, or those it lacks."),
    Call("create", OfSubjects, Keys, frozenset({"setup", "desk", "registry"}),
         "Makes data keys for people who have none."),
    Call("unwrap", OfSubjects, Keys, _EVERYONE, "Hands out the data keys of people; who has none is left out."),
    Call("unwrap_page", OfPage, Keys, _EVERYONE - {"registry"},
         "Hands out the data keys of all people, a page at a time."),
    Call("public_keys", OfSubjects, Addresses, frozenset({"setup", "desk"}), "Tells the addresses of people."),
    Call("lookup_key", OfPurpose, LookupKey, frozenset({"setup", "desk", "portal", "registry"}),
         "Hands out a lookup key."),
    Call("issue_editions", OfObjects, Editions, frozenset({"setup", "registry"}),
         "Lets what is written about people, or of devices, be written anew; what is older opens no more, once that is "
         "settled."),
    Call("settle_editions", OfWritten, Lost, frozenset({"setup", "registry", "scheduler"}),
         "Says which editions were written; tells of which of them the keyholder knows nothing."),
    Call("readmit_editions", OfAuthority, Readmitted, _SETUP,
         "Lets the last editions before the newest count again, where an older authority's database was restored."),
    Call("editions", OfTurn, Editions, _EVERYONE, "Tells which editions count, a page at a time."),
    Call("rotate", OfAuthority, Replaced, frozenset({"setup", "scheduler"}),
         "Replaces an authority's key and wraps what is under it anew.", TURN_SECONDS),
    Call("rotate_root", Nothing, Replaced, _SETUP, "Replaces the root key and destroys the old one.", TURN_SECONDS),
    Call("erase", OfErasure, Erased, frozenset({"setup", "scheduler"}),
         "Destroys people's keys: new versions up to the root, and the old root destroyed.", TURN_SECONDS),
    Call("erase_authority", OfEnd, Erased, frozenset({"setup", "scheduler"}),
         "Destroys all of an authority's keys, likewise.", TURN_SECONDS),
    Call("erased", OfErased, GoneOnes, frozenset({"setup", "scheduler"}),
         "Tells who was erased and by which order, so that nobody comes back with a restored backup."),
    Call("try_copies", OfCopies, Tried, frozenset({"setup", "scheduler"}),
         "Tries to unwrap what a backup holds of a person's keys, and tells how many that can be done with; no key."),
    Call("ended", OfAuthority, Ended, frozenset({"setup", "scheduler"}),
         "Tells by which order and when all of an authority's keys were destroyed, where they were."),
    Call("register", Nothing, Register, frozenset({"portal", "setup", "scheduler"}),
         "Tells which keys there are, and by when they are to be replaced; never material."),
    Call("state", Nothing, State, _EVERYONE, "Tells the generation, and how much there is."),
    Call("metrics", Nothing, Metrics, frozenset({"setup", "scheduler"}), "Tells its measurements."),
)  # fmt: skip
