# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is sealed in one authority opens with no key of another, though the very row is carried over (term 31)."""

from collections.abc import Callable
from uuid import uuid4

import pytest

from vaka.crypto.aead import UnopenableError
from vaka.keys.keyring import Keyring
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]

SAID = {"given_name": "Karin", "family_name": "Holmgren", "phone": "070-174 06 21"}


async def test_term_31_3_one_authoritys_key_opens_nothing_of_anothers(
    setup_keys: Keyring, new_authority: Callable[..., Authority]
) -> None:
    here, there = (setup_keys.of(new_authority().id) for _ in range(2))
    person, row = uuid4(), str(uuid4())
    await here.create([person])
    sealed = here.seal_row("person", row, person, SAID)
    assert all(value not in repr(sealed) for value in SAID.values())
    assert here.open_row("person", row, person, sealed) == SAID
    with pytest.raises(UnopenableError):  # a key that is not held
        there.open_row("person", row, person, sealed)
    await there.create([person])  # and with one of its own, under the same identifier
    with pytest.raises(UnopenableError):
        there.open_row("person", row, person, sealed)
    other = there.seal_row("person", row, person, SAID)
    with pytest.raises(UnopenableError):
        here.open_row("person", row, person, other)
    assert there.open_row("person", row, person, other) == SAID
    assert here.address(person) != there.address(person)
    assert await here.blind("phone", SAID["phone"]) != await there.blind("phone", SAID["phone"])
