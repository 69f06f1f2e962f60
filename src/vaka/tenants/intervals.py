# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How often a device is expected to give a sign of life, where nobody has said otherwise. Pure.

Too short an interval makes a healthy device seem lost, too long a one hides a dead one: it goes by the kind of device.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class DeviceKind(StrEnum):
    """How a device is connected."""

    FIXED = "fixed"
    """On mains and an IP network."""
    MOBILE = "mobile"
    """On a battery and a mobile network."""
    LEGACY = "legacy"
    """Old, or nothing is known of it: it sends nothing but alarms and a daily test."""


INTERVALS: Mapping[DeviceKind, int] = MappingProxyType(
    {DeviceKind.FIXED: 300, DeviceKind.MOBILE: 1800, DeviceKind.LEGACY: 86_400}
)
"""Seconds."""

_MOBILE_TYPES = frozenset({51})
"""Device types that nobody carries on a wire: a tracking device."""


def guess_kind(device_type: int, *, by_network: bool) -> DeviceKind:
    """Return what a device most likely is.

    ``by_network`` says that it proves itself by its address alone, the exception for old devices.
    """
    if device_type in _MOBILE_TYPES:
        return DeviceKind.MOBILE
    return DeviceKind.LEGACY if by_network else DeviceKind.FIXED
