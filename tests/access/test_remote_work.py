# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whoever changes the register of networks keeps a way in; what stands in it is a network of premises."""

from ipaddress import ip_network
from uuid import uuid4

import pytest

from vaka.access.remote_work import LockedOutError, require_way_in
from vaka.addresses import plain_address, site_network

HALL, VPN = uuid4(), uuid4()
IN_FORCE = {HALL: ip_network("10.20.0.0/16"), VPN: ip_network("2001:db8:7::/48")}


@pytest.mark.parametrize("host", ["10.20.255.1", "::ffff:10.20.0.7", "2001:db8:7::1"])
def test_who_is_in_a_network_that_stays_may_change_the_others(host: str) -> None:
    require_way_in(IN_FORCE, uuid4(), "192.0.2.0/24", host)
    require_way_in(IN_FORCE, uuid4(), None, host)
    mine = HALL if ":db8:" not in host else VPN
    other = VPN if mine is HALL else HALL
    require_way_in(IN_FORCE, other, None, host)
    with pytest.raises(LockedOutError):
        require_way_in(IN_FORCE, mine, None, host)
    with pytest.raises(LockedOutError):
        require_way_in(IN_FORCE, mine, "192.0.2.0/24", host)


@pytest.mark.parametrize("host", ["", "hall.example", "10.20.0.1, 10.20.0.2", "10.21.0.1", "127.0.0.1"])
def test_who_is_in_none_puts_none_in_force_but_his_own(host: str) -> None:
    with pytest.raises(LockedOutError):
        require_way_in({}, HALL, "10.20.0.0/16", host)
    require_way_in({}, HALL, None, host)
    if plain_address(host):
        require_way_in({}, HALL, host, host)


def test_the_last_is_taken_away_by_nobody() -> None:
    with pytest.raises(LockedOutError):
        require_way_in({HALL: ip_network("10.20.0.0/16")}, HALL, None, "10.20.0.1")


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "8.0.0.0/7", "127.0.0.0/8", "127.0.0.1", "::1", "hallen", "",
                                     "fe80::1%eth0/128"])  # fmt: skip
def test_no_entry_makes_the_whole_world_premises(network: str) -> None:
    with pytest.raises(ValueError, match=r"network|does not appear"):
        site_network(network)
    assert [site_network(one) for one in ("10.20.0.0/16", "198.51.100.7")] == ["10.20.0.0/16", "198.51.100.7/32"]
