# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a demo's provider knows: who it is, which clients may ask it, and whom it can say that somebody is.

It is written when a demo is furnished, and there is nothing else by which the provider would start.
"""

from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from vaka.errors import ConfigurationError
from vaka.identity.sessions import Realm

KEY = "provider"
"""The name of the key that ID tokens are signed with."""


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class Client(_Data):
    """The sign-in process, as people of one realm come from it."""

    id: UUID
    realm: Realm
    redirect_uri: str
    keys: list[dict[str, Any]]
    """What it proves itself with: public JWKs."""


class Figure(_Data):
    """An invented person that one can be."""

    persona: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_-]{0,40}$")]
    """As ID tokens call it: subject, and what an invitation has to match."""
    display_name: str
    realm: Realm
    role: str | None
    places: list[str]
    """Names of the authorities where it has that role."""


class ProviderFacts(_Data):
    """Everything."""

    issuer: str
    sign_in: str
    """Where one begins."""
    until: date
    """The last day on which the trust registry believes it."""
    clients: list[Client]
    figures: list[Figure]

    def figure(self, persona: str, realm: Realm) -> Figure | None:
        """Return who is called so and signs in to this realm."""
        return next((one for one in self.figures if one.persona == persona and one.realm == realm), None)


def facts_file(root: Path) -> Path:
    """Return where they lie in a data directory."""
    return root / "demo" / "provider.json"


def write_facts(root: Path, facts: ProviderFacts) -> None:
    """Write them for the provider; nothing in them is secret, and nobody else needs them."""
    path = facts_file(root)
    path.parent.mkdir(mode=0o700, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.touch(mode=0o600)
    fresh.write_text(facts.model_dump_json(indent=1) + "\n", encoding="utf-8")
    fresh.replace(path)


def read_facts(root: Path) -> ProviderFacts:
    """Read them. Raises ConfigurationError where there are none: then it is no demo, or was never furnished."""
    path = facts_file(root)
    try:
        return ProviderFacts.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise ConfigurationError(
            f"{root} is no furnished demo: {path} is not there or cannot be read. A demo's provider works nowhere else."
        ) from None
