# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Models of security keys that prove what they are, as the installation lists them: an empty list means none.

A model's number (AAGUID) alone proves nothing, for any program can state any. It is believed where the key's own
certificate, issued under the maker's root, names the same number (WebAuthn Level 3, section 8.2).
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Annotated
from uuid import UUID

from cryptography import x509
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.errors import ConfigurationError

NONE: Mapping[UUID, "Model"] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Model:
    """A model that may be used where it must be known what a key is."""

    aaguid: UUID
    name: str
    roots: tuple[bytes, ...]
    """The maker's root certificates (PEM)."""


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    aaguid: UUID
    name: Annotated[str, Field(min_length=2, max_length=80)]
    roots: Annotated[list[Annotated[str, Field(max_length=16_384)]], Field(min_length=1, max_length=8)]


class _List(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    model: Annotated[list[_Entry], Field(max_length=500)] = []


def read_models(path: Path | None) -> Mapping[UUID, Model]:
    """Return the models on an installation's list, by number; without a list, none. Raises ConfigurationError."""
    if path is None:
        return NONE
    try:
        listed = _List.model_validate(tomllib.loads(path.read_text(encoding="utf-8"))).model
        found = {one.aaguid: Model(one.aaguid, one.name, tuple(root.encode() for root in one.roots)) for one in listed}
        for one in found.values():
            for root in one.roots:
                x509.load_pem_x509_certificate(root)
    except OSError as error:
        raise ConfigurationError(f"The list of security keys {path} cannot be read: {error.strerror}.") from error
    except (ValidationError, tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise ConfigurationError(f"The list of security keys {path} is refused: {error}") from error
    if len(found) != len(listed) or UUID(int=0) in found:
        raise ConfigurationError(f"The list of security keys {path} names a model twice, or one without number.")
    return MappingProxyType(found)
