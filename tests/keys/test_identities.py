# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What stands for what a device calls itself: the same under one key, another under another, and never made anew."""

import hmac
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.identities import IDENTITIES
from vaka.crypto.blinding import Blinding, blind
from vaka.errors import ConfigurationError
from vaka.keys.identities import (
    BlindSender,
    Identities,
    create_identity_key,
    identity_key_file,
    is_blind,
    label,
    open_identities,
)

OTHERS = Identities(bytes(32))


@given(st.text(max_size=70), st.text(max_size=70))
def test_every_name_has_one_form_and_only_one(name: str, other: str) -> None:
    blinded = IDENTITIES.blind(name)
    assert is_blind(blinded)
    assert blinded == Identities(bytes(range(32))).blind(name)
    assert (IDENTITIES.blind(other) == blinded) == (other == name)
    assert OTHERS.blind(name)[5:] != blinded[5:]


def test_it_is_the_mac_of_the_name() -> None:
    expected = hmac.digest(bytes(range(32)), b"device\0" + b"0701740605", "sha256")
    assert Blinding(bytes(range(32)), "device")(b"0701740605") == expected
    assert blind(bytes(range(32)), "device", "0701740605") == expected


def test_the_key_can_be_told_from_what_it_made() -> None:
    assert IDENTITIES.is_ours(IDENTITIES.blind("0701740605"))
    assert not OTHERS.is_ours(IDENTITIES.blind("0701740605"))


def test_a_name_a_part_and_a_message_have_nothing_in_common() -> None:
    forms = {IDENTITIES.blind("03")[5:17], IDENTITIES.blind_part("03")[1:], IDENTITIES.digest(b"03")[:12]}
    assert len(forms) == 3


@given(st.text(max_size=20))
def test_a_label_is_no_number_and_always_the_same(name: str) -> None:
    shown = label(IDENTITIES.blind(name))
    assert len(shown) == 7
    assert shown[0] == "~"
    assert shown[1:].isalpha()
    assert shown.isupper()
    assert shown == label(IDENTITIES.blind(name))


def test_labels_of_others_are_others() -> None:
    assert len({label(IDENTITIES.blind(str(number))) for number in range(500)}) == 500
    assert label(BlindSender("")) == ""


def test_a_key_is_made_once_and_read_by_its_owner_alone(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="is missing"):
        open_identities(tmp_path)
    assert create_identity_key(tmp_path)
    made = open_identities(tmp_path)
    assert not create_identity_key(tmp_path), "another would make every device unknown"
    assert open_identities(tmp_path).blind("4711") == made.blind("4711")
    path = identity_key_file(tmp_path)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o640)
    with pytest.raises(ConfigurationError, match="can be read by others"):
        open_identities(tmp_path)


@pytest.mark.parametrize("content", ["", "ab", "x" * 64, "ab" * 33])
def test_what_is_no_key_is_refused(tmp_path: Path, content: str) -> None:
    path = identity_key_file(tmp_path)
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="64 hexadecimal digits"):
        open_identities(tmp_path)
