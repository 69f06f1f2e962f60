# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What advisory data looks like, as far as it is read: OSV's schema (1.x), and the Debian security tracker's JSON.

What is read is checked and bounded; what is not read is passed over, since both formats grow. One record that is not as
it must be refuses the whole: a part of the data says nothing of the rest.
"""

from typing import Annotated, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field

_Name = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\s\x00]+$")]
_Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
_Version = Annotated[str, Field(min_length=1, max_length=300)]
_Ids = Annotated[list[Annotated[str, Field(max_length=200)]], Field(max_length=10_000)]


class _Read(BaseModel):
    model_config = ConfigDict(extra="ignore", frozen=True)


class Event(_Read):
    """One thing that happens to a range of versions."""

    introduced: _Version | None = None
    fixed: _Version | None = None
    last_affected: _Version | None = None
    limit: _Version | None = None


def _require_one_kind(event: Event) -> Event:
    if len(event.model_dump(exclude_none=True)) != 1:
        raise ValueError("an event is one of introduced, fixed, last_affected and limit")
    return event


class Range(_Read):
    """Versions between events."""

    type: Literal["GIT", "SEMVER", "ECOSYSTEM"]
    events: Annotated[list[Annotated[Event, AfterValidator(_require_one_kind)]], Field(min_length=1, max_length=2000)]


class Severity(_Read):
    """A score."""

    type: Annotated[str, Field(max_length=40)]
    score: Annotated[str, Field(max_length=300)]


class Package(_Read):
    """Which package."""

    ecosystem: Annotated[str, Field(min_length=1, max_length=100)]
    name: _Name


class Affected(_Read):
    """Which versions of a package."""

    package: Package | None = None
    ranges: Annotated[list[Range], Field(max_length=500)] = []
    versions: Annotated[list[_Version], Field(max_length=20_000)] = []
    severity: Annotated[list[Severity], Field(max_length=20)] = []


class Reference(_Read):
    """Where more stands."""

    type: Annotated[str, Field(max_length=40)] = "WEB"
    url: Annotated[str, Field(max_length=4000)]


class OsvRecord(_Read):
    """One record of OSV's."""

    id: _Id
    modified: AwareDatetime
    published: AwareDatetime | None = None
    withdrawn: AwareDatetime | None = None
    aliases: _Ids = []
    upstream: _Ids = []
    summary: Annotated[str, Field(max_length=20_000)] = ""
    severity: Annotated[list[Severity], Field(max_length=20)] = []
    affected: Annotated[list[Affected], Field(max_length=5000)] = []
    references: Annotated[list[Reference], Field(max_length=5000)] = []


class Release(_Read):
    """How a release of Debian stands."""

    status: Literal["open", "resolved", "undetermined"]
    fixed_version: Annotated[str, Field(max_length=200)] = ""
    urgency: Annotated[str, Field(max_length=40)] = ""
    nodsa: Annotated[str, Field(max_length=4000)] = ""


class TrackerEntry(_Read):
    """What the tracker says of one vulnerability in one source package."""

    description: Annotated[str, Field(max_length=100_000)] = ""
    releases: Annotated[dict[Annotated[str, Field(max_length=40)], Release], Field(max_length=50)]
