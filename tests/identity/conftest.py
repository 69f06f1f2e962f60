# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One installation for all tests of who is believed and who signs in."""

from collections.abc import Iterator

import pytest

from tests.identity.house import IdentityHouse, open_house
from tests.identity.real_provider import Place, running_place
from tests.identity.saml_provider import SamlProvider


@pytest.fixture(scope="session")
def house() -> Iterator[IdentityHouse]:
    """The installation. What one test puts into its registry has a name of its own."""
    with open_house() as opened:
        yield opened


@pytest.fixture(scope="session")
def place(house: IdentityHouse) -> Iterator[Place]:
    """A certified provider and our sign-in process, both running."""
    with running_place(house) as opened:
        yield opened


@pytest.fixture(scope="session")
def saml_provider(tmp_path_factory: pytest.TempPathFactory) -> SamlProvider:
    """A SAML identity provider of the tests' own."""
    return SamlProvider(tmp_path_factory.mktemp("saml"))
