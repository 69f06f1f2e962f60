# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What devices have to say, as the fields of an `<mrq>`."""

from enum import StrEnum
from random import Random
from typing import NamedTuple


class Report(StrEnum):
    """What happened at the device."""

    BUTTON = "button"
    FALL = "fall"
    SMOKE = "smoke"
    INACTIVITY = "inactivity"
    DOOR = "door"
    ASSISTANCE = "assistance"
    CANCEL = "cancel"
    BATTERY = "battery"
    BATTERY_RESTORED = "battery-restored"
    MAINS = "mains"
    MAINS_RESTORED = "mains-restored"
    TEST = "test"
    HEARTBEAT = "heartbeat"


class _Wording(NamedTuple):
    mty: str
    dty: int | None
    """None: the device's own type."""
    stc: int | None


_WORDINGS = {
    Report.BUTTON: _Wording("ME", 3, 10),
    Report.FALL: _Wording("ME", 5, 9),
    Report.SMOKE: _Wording("ME", 23, 9),
    Report.INACTIVITY: _Wording("ME", 10, 9),
    Report.DOOR: _Wording("ME", 14, 9),
    Report.ASSISTANCE: _Wording("ME", None, 110),
    Report.CANCEL: _Wording("ME", 3, 19),
    Report.BATTERY: _Wording("ME", None, 16),
    Report.BATTERY_RESTORED: _Wording("ME", None, 15),
    Report.MAINS: _Wording("ME", None, 85),
    Report.MAINS_RESTORED: _Wording("ME", None, 86),
    Report.TEST: _Wording("ME", None, 102),
    Report.HEARTBEAT: _Wording("PI", None, None),
}

# Rooms a trigger may be in: bathroom, bedroom, kitchen, hallway, living room (lco).
_ROOMS = (11, 12, 21, 42, 43)


def report_fields(report: Report, ref: str, cid: str, device_type: int, chance: Random) -> list[tuple[str, str]]:
    """Return the fields in the order devices write them."""
    wording = _WORDINGS[report]
    own_type = wording.dty is None
    fields = [("ref", ref), ("mty", wording.mty), ("cid", cid), ("dty", str(device_type if own_type else wording.dty))]
    if wording.stc is not None:
        fields.append(("stc", str(wording.stc)))
    if report is Report.HEARTBEAT:
        return fields
    fields += [("ver", "01.00"), ("cha", "0"), ("crd", f"sip:{cid}@device.invalid")]
    if not own_type:
        fields += [("did", f"{chance.randrange(1, 100):02d}"), ("lco", str(chance.choice(_ROOMS)))]
    if report is Report.DOOR:
        fields.append(("dte", "Ytterdörr"))
    return fields
