# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading an advisory from a file that somebody wrote, and the components it is about from a bill of materials."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, TypeVar

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from vaka.assurance.advisories import Advisory, Component, Justification, Kind, Product, Remedy, RemedyKind, Status, Tlp
from vaka.errors import ConfigurationError

LARGEST_FILE = 50_000_000  # bytes
MOST_COMPONENTS = 100_000
MOST_FAULTS = 9
"""Faults of a file that are told at once."""
_Line = Annotated[str, Field(pattern=r"^\S(.*\S)?$", max_length=500)]
_Url = Annotated[str, Field(pattern=r"^https://[^\s]+$", max_length=2000)]
_Purl = Annotated[str, Field(pattern=r"^pkg:[^\s]+$", max_length=500)]
Model = TypeVar("Model", bound=BaseModel)


class _Written(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Remedy(_Written):
    kind: RemedyKind
    details: _Line
    at: AwareDatetime | None = None


class _Product(_Written):
    purl: _Purl
    status: Status
    remedy: _Remedy | None = None
    justification: Justification | None = None
    because: Annotated[str, Field(max_length=2000)] = ""


class _Advisory(_Written):
    id: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
    kind: Kind
    title: _Line
    summary: Annotated[str, Field(min_length=1, max_length=10_000)]
    vulnerability: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,99}$")]
    source: Annotated[str, Field(max_length=100)] = ""
    tlp: Tlp
    publisher: _Line
    namespace: _Url
    references: Annotated[list[_Url], Field(max_length=50)] = []
    products: Annotated[list[_Product], Field(max_length=1000)]
    known: AwareDatetime
    told: AwareDatetime
    fixed: AwareDatetime | None = None


class _Component(BaseModel):
    name: _Line
    version: _Line
    purl: _Purl


class _Bill(BaseModel):
    """A CycloneDX bill of materials, as far as it is needed here: the rest is passed over."""

    bomFormat: Annotated[str, Field(pattern=r"^CycloneDX$")]  # noqa: N815 - as CycloneDX spells it
    components: Annotated[list[dict[str, Any]], Field(max_length=MOST_COMPONENTS)] = []


def read_components(path: Path) -> Mapping[str, Component]:
    """Return the components of a CycloneDX bill by their package URLs; what has none is no package, and left out.

    Raises ConfigurationError.
    """
    found = {}
    for one in _read(path, _Bill).components:
        if "purl" in one:
            component = _check(path, one, _Component)
            found[component.purl] = Component(component.name, component.version, component.purl)
    return found


def read_advisory(path: Path, components: Mapping[str, Component]) -> Advisory:
    """Return what a file says of components that the bill has. Raises ConfigurationError."""
    written = _read(path, _Advisory)
    missing = [one.purl for one in written.products if one.purl not in components]
    if missing:
        raise ConfigurationError(
            f"{path} names what the bill of materials does not have: {missing[0]}. An advisory is about what runs, in "
            "the version that runs."
        )
    products = [
        Product(
            components[one.purl], one.status,
            None if one.remedy is None else Remedy(one.remedy.kind, one.remedy.details, one.remedy.at),
            one.justification, one.because.strip(),
        )
        for one in written.products
    ]  # fmt: skip
    said = {name: getattr(written, name) for name in _Advisory.model_fields if name != "products"}
    return Advisory(products=products, **said)


def _read(path: Path, model: type[Model]) -> Model:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise ConfigurationError(f"{path} is larger than {LARGEST_FILE} bytes.")
        return _check(path, json.loads(content), model)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be read: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(f"{path} is not JSON.") from error


def _check(path: Path, content: object, model: type[Model]) -> Model:
    try:
        return model.model_validate(content)
    except ValidationError as error:
        told = error.errors()[:MOST_FAULTS]
        faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'the whole'}: {one['msg']}" for one in told)
        raise ConfigurationError(f"{path} is refused: {faults}.") from error
