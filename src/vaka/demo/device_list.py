# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The file from which simulated devices play their parts: where the receiver is, and each device's credentials.

It is readable by its owner alone, and it is the only place where a demo device's password is kept in clear.
"""

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from vaka.demo.devices import DemoDevice
from vaka.settings import ReceiverSettings
from vaka.tenants.devices import Certificate, Digest

UNKNOWN_SENDERS = ("90017301", "90017302")
"""Devices that nobody has registered: their alarms are shown at the supplier's reception."""


def read_device_list(path: Path) -> dict[str, Any]:
    """Return the content of the file, empty where there is none yet."""
    try:
        content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {"devices": []}
    return content


def write_device_list(path: Path, receiver: ReceiverSettings, trusted: Path, devices: list[dict[str, Any]]) -> None:
    """Write the file anew: ports may have changed since the last start, devices have not."""
    content = {
        "receiver": {
            "host": receiver.host,
            "udp_port": receiver.udp_port,
            "tcp_port": receiver.tcp_port,
            "tls_port": receiver.tls_port,
            "trusted": str(trusted),
        },
        "devices": devices,
    }
    unfinished = path.with_name(f"{path.name}.unfinished")
    unfinished.unlink(missing_ok=True)
    with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        json.dump(content, file, indent=1)
    unfinished.replace(path)


def describe_devices(devices: Iterable[DemoDevice], authority: str) -> list[dict[str, Any]]:
    """Return what the file says of the devices of one authority (its slug)."""
    return [_describe(device, authority) for device in devices]


def describe_unknown_devices() -> list[dict[str, Any]]:
    """Return what the file says of devices that nobody has registered."""
    return [_line(cid, "", "udp", "none", 300) for cid in UNKNOWN_SENDERS]


def _describe(demo: DemoDevice, authority: str) -> dict[str, Any]:
    device, proof = demo.device, demo.device.authentication
    kind = "digest" if isinstance(proof, Digest) else "certificate" if isinstance(proof, Certificate) else "network"
    return _line(device.sender, authority, demo.transport, kind, device.interval_seconds) | {
        "device_type": device.device_type,
        "algorithm": demo.algorithm or None,
        "username": proof.username if isinstance(proof, Digest) else None,
        "password": demo.password or None,
        "certificate": str(demo.certificate) if demo.certificate else None,
        "key": str(demo.key) if demo.key else None,
    }


def _line(cid: str, authority: str, transport: str, authentication: str, interval_seconds: int) -> dict[str, Any]:
    return {
        "cid": cid,
        "authority": authority,
        "device_type": 2,
        "transport": transport,
        "authentication": authentication,
        "algorithm": None,
        "username": None,
        "password": None,
        "certificate": None,
        "key": None,
        "interval_seconds": interval_seconds,
    }
