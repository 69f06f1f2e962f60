# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`python -m bench`: every measurement in one run, a table at the end, everything in out/bench.json.

Sends to 127.0.0.1 only. Takes about half an hour, with --quick ten minutes and one round of each.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from bench.cosigning import measure_cosigning
from bench.desks import measure_desks
from bench.installation import DEVICES, installed
from bench.kamailio import find_kamailio
from bench.keys import measure_keys
from bench.machine import describe_machine
from bench.measurements import Bench, measure_alarms, measure_flood, measure_heartbeats
from bench.plain import CLIENTS, find_pgbench, measure_plain, prepare_plain
from bench.report import as_text
from bench.sealing import measure_sealing
from bench.verifying import measure_verifying

PARTS = ("alarms", "plain", "heartbeats", "flood", "desks", "keys", "ledger", "verifying")
_PACKAGES = ("kamailio", "kamailio-postgres-modules")


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="bench", description="Measures the complete system on this machine.")
    parser.add_argument("--quick", action="store_true", help="one short round of everything")
    parser.add_argument("--only", choices=PARTS, action="append", help="only this part; may be repeated")
    parser.add_argument("--out", type=Path, default=Path("out/bench.json"), help="where the JSON goes")
    options = parser.parse_args()
    parts = tuple(options.only or PARTS)
    begun = time.monotonic()

    def say(text: str) -> None:
        print(f"{time.monotonic() - begun:6.0f} s  {text}", file=sys.stderr, flush=True)

    if "alarms" in parts:
        _install_kamailio(say)
    with installed(DEVICES, say) as installation:
        bench = Bench(installation, say, options.quick)
        bench.results["machine"] = describe_machine(installation.root)
        if "alarms" in parts:
            measure_alarms(bench)
        if "plain" in parts and find_pgbench():
            prepare_plain(installation)
            seconds = 5.0 if options.quick else 10.0
            say("Plain inserts with pgbench")
            bench.results["plain"] = [asdict(measure_plain(installation, clients, seconds)) for clients in CLIENTS]
        if "heartbeats" in parts:
            measure_heartbeats(bench)
        if "flood" in parts:
            saturated = bench.results.get("alarms", {}).get("vaka", {}).get("saturated", {}).get("rate", 8_000.0)
            measure_flood(bench, saturated)
        if "desks" in parts:
            measure_desks(bench)
        if "keys" in parts:
            measure_keys(bench)
        if "ledger" in parts:
            measure_sealing(bench)
            measure_cosigning(bench)
    if "verifying" in parts:
        bench.results["verifying"] = measure_verifying(say, quick=options.quick)
    bench.results["seconds"] = round(time.monotonic() - begun)
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(bench.results, indent=1, ensure_ascii=False) + "\n")
    print(as_text(bench.results))
    say(f"Written to {options.out}")
    return 0


def _install_kamailio(say: Callable[[str], None]) -> None:
    """See to Kamailio where we may; without it, ours is measured alone, and said to be."""
    if find_kamailio() is not None:
        return
    if os.geteuid() == 0:
        say("Installing Kamailio")
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        command = ["apt-get", "install", "-y", "-qq", "--no-install-recommends", *_PACKAGES]
        subprocess.run(command, stdout=subprocess.DEVNULL, env=environment, check=False)
    if find_kamailio() is None:
        say(f"Kamailio is not installed (apt-get install {' '.join(_PACKAGES)}): nothing to compare with")


if __name__ == "__main__":
    sys.exit(main())
