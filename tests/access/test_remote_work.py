# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From where somebody works: on site is what the settings say, and everything else is remote."""

from ipaddress import ip_network

import pytest
from pydantic import ValidationError

from vaka.access.remote_work import place_of
from vaka.settings_web import OfficeSettings

HALLS = (ip_network("10.20.0.0/16"), ip_network("2001:db8:7::/48"))


@pytest.mark.parametrize(
    ("host", "place"),
    [
        ("10.20.255.1", "site"),
        ("::ffff:10.20.0.7", "site"),
        ("2001:db8:7::1", "site"),
        ("10.21.0.1", "remote"),
        ("2001:db8:8::1", "remote"),
        ("127.0.0.1", "remote"),
        ("", "remote"),
        ("10.20.0.1, 10.20.0.2", "remote"),
        ("hall.example", "remote"),
    ],
)
def test_what_is_not_known_to_be_on_site_is_remote(host: str, place: str) -> None:
    assert place_of(host, HALLS) == place
    assert place_of(host, ()) == "remote"


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "8.0.0.0/7", "127.0.0.0/8", "127.0.0.1", "::1", "hallen", ""])
def test_no_setting_makes_the_whole_world_the_suppliers_premises(network: str) -> None:
    with pytest.raises(ValidationError):
        OfficeSettings(on_site=[network])
    assert OfficeSettings(on_site=["10.20.0.0/16", "198.51.100.7"]).on_site == ["10.20.0.0/16", "198.51.100.7/32"]
