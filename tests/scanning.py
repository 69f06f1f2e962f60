# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Scanning what listens with TLS from outside, with sslyze, and judging what it found by the policy (term 18).

sslyze exits with 0 also where there was no server, and where a scan failed: its report is judged, not its exit code.
"""

import json
import subprocess
from pathlib import Path
from typing import Any

from tests.peers import report_missing
from vaka.crypto.policy import TlsPolicy, load_policy

HOST = "127.0.0.1"
ROOT = Path(__file__).resolve().parents[1]
SSLYZE = ROOT / "out" / "scan" / "bin" / "sslyze"
VERSIONS = {
    "SSLv2": "ssl_2_0", "SSLv3": "ssl_3_0", "TLSv1.0": "tls_1_0", "TLSv1.1": "tls_1_1", "TLSv1.2": "tls_1_2",
    "TLSv1.3": "tls_1_3",
}  # fmt: skip
ASKED = (
    "--sslv2", "--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--compression", "--reneg", "--heartbleed",
    "--openssl_ccs", "--robot", "--elliptic_curves", "--mozilla_config=disable", "--slow_connection", "--quiet",
)  # fmt: skip

# What else a scan tells, where it says so, and what it must say.
EARLY = "early data"
"""Found out by HTTP alone, so asked of web servers, which have names, and not of the receiver."""
WEAKNESSES: dict[str, tuple[str, str, Any]] = {
    "compression": ("tls_compression", "supports_compression", False),
    "renegotiation that clients begin": ("session_renegotiation", "is_vulnerable_to_client_renegotiation_dos", False),
    "Heartbleed": ("heartbleed", "is_vulnerable_to_heartbleed", False),
    "CCS injection": ("openssl_ccs_injection", "is_vulnerable_to_ccs_injection", False),
    EARLY: ("tls_1_3_early_data", "supports_early_data", False),
    "ROBOT": ("robot", "robot_result", "NOT_VULNERABLE_RSA_NOT_SUPPORTED"),
}


def scan(port: int, report: Path, name: str | None = None) -> dict[str, Any]:
    """Scan one port of this machine, asking for the server of that name if any; return the whole report."""
    if not SSLYZE.exists():
        report_missing("sslyze is not installed (tools/scan-environment)")
    asked = ASKED if name is None else (*ASKED, "--early_data", f"--sni={name}")
    command = [str(SSLYZE), *asked, f"--json_out={report}", f"{HOST}:{port}"]
    subprocess.run(command, capture_output=True, timeout=600, check=False)
    return dict(json.loads(report.read_text()))


def faults(report: dict[str, Any], policy: TlsPolicy | None = None) -> list[str]:
    """Return everything in which a scanned listener is not what the policy says; what was not found out is one too."""
    policy = policy or load_policy().tls
    found = [f"{one['server_string']}: not understood" for one in report["invalid_server_strings"]]
    if not report["server_scan_results"]:
        found.append("nothing was scanned")
    for server in report["server_scan_results"]:
        if server["scan_status"] != "COMPLETED":
            found.append(f"not scanned: {server['connectivity_status']}")
            continue
        found += _faults_of(server["scan_result"], policy)
    return found


def curves_of(report: dict[str, Any]) -> set[str]:
    """Return the curves on which the one scanned listener agrees to keys."""
    [server] = report["server_scan_results"]
    return {one["name"] for one in server["scan_result"]["elliptic_curves"]["result"]["supported_curves"]}


def _faults_of(result: dict[str, Any], policy: TlsPolicy) -> list[str]:
    found = []
    for version, name in VERSIONS.items():
        attempt = result[f"{name}_cipher_suites"]
        if attempt["status"] != "COMPLETED":
            found.append(f"{version}: {attempt['status']}")
            continue
        suites = {one["cipher_suite"]["openssl_name"] for one in attempt["result"]["accepted_cipher_suites"]}
        if bool(suites) != (version in policy.versions):
            found.append(f"{version}: {'offered' if suites else 'not offered'}")
        found += [f"{version}: {suite}" for suite in sorted(suites - set(policy.suites))]
    attempt = result["elliptic_curves"]  # tried with the newest version that is offered
    if attempt["status"] != "COMPLETED":
        found.append(f"curves: {attempt['status']}")
    else:
        curves = {one["name"] for one in attempt["result"]["supported_curves"] or ()}
        found += [f"curve: {curve}" for curve in sorted(curves - set(policy.groups))]
    for what, (part, name, wanted) in WEAKNESSES.items():
        attempt = result[part]
        if what == EARLY and attempt["status"] == "NOT_SCHEDULED":
            continue
        if attempt["status"] != "COMPLETED":
            found.append(f"{what}: {attempt['status']}")
        elif attempt["result"][name] != wanted:
            found.append(what)
    return found
