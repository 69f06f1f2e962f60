# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SIPp as a social alarm device."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.house import House, SimulatedDevice
from tests.peers import require_program

SCENARIOS = Path(__file__).parent / "sipp"
MODES = {"udp": "u1", "tcp": "t1"}
"""SIPp's name of each transport; Debian's SIPp has no TLS."""


@dataclass(frozen=True, slots=True)
class Conversation:
    """What SIPp saw."""

    succeeded: bool
    text: str
    """Every message sent and received, and what SIPp itself had to say."""


def send_alarm(house: House, device: SimulatedDevice, ref: str, folder: Path, *, password: str = "") -> Conversation:
    """Send one pressed button (``ref``) as ``device`` and answer the receiver's `<mrs>` 200.

    ``password`` replaces the device's own.
    """
    sipp = require_program("sipp", package="sip-tester")
    digest = device.authentication == "digest"
    fields = [device.cid, ref]
    if digest:
        fields.append(f"[authentication username={device.username} password={password or device.password}]")
    values = folder / "values.csv"
    values.write_text(f"SEQUENTIAL\n{';'.join(fields)}\n")
    log = folder / "messages.log"
    done = subprocess.run(
        [
            sipp, f"127.0.0.1:{house.port(device.transport)}", "-t", MODES[device.transport], "-i", "127.0.0.1",
            "-sf", SCENARIOS / ("alarm_digest.xml" if digest else "alarm.xml"), "-oocsf", SCENARIOS / "answer.xml",
            "-inf", values, "-m", "1", "-l", "1", "-r", "1", "-nostdin", "-timeout", "30", "-timeout_error",
            "-trace_msg", "-message_file", log, "-trace_err", "-error_file", folder / "errors.log",
        ],
        cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False,
    )  # fmt: skip
    heard = [path.read_text(errors="replace") for path in (log, folder / "errors.log") if path.exists()]
    return Conversation(done.returncode == 0, "\n".join([*heard, done.stdout.decode(errors="replace")[-2000:]]))
