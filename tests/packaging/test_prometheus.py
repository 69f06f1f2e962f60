# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The rules for Prometheus, by promtool: each fires above its threshold, not below, and where no figure is."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "packaging" / "prometheus" / "vaka.rules.yml"
FINE = {
    'vaka_receiver_answer_seconds_bucket{le="0.4"}': "0+100x60",
    "vaka_receiver_answer_seconds_count": "0+100x60",
    "vaka_alarms_waiting_long": "0x60",
    "vaka_database_connections": "10x60",
    "vaka_database_connections_allowed": "100x60",
    "vaka_disk_free_bytes": "500000x60",
    "vaka_disk_size_bytes": "1000000x60",
    "vaka_receivers": "1x60",
    "vaka_receivers_silent": "0x60",
    "vaka_authorities_unreachable": "0x60",
    "vaka_capacity_measured_timestamp_seconds": "0+60x60",
    'up{job="vaka-receiver"}': "1x60",
    "vaka_trials": "3x60",
    "vaka_trials_failing": "0x60",
    "vaka_trials_finished_timestamp_seconds": "0+60x60",
}
"""An hour in which all is well, a figure a minute."""
MISSING, TRIALS_MISSING = "VakaFiguresMissing", "VakaTrialsMissing"
OTHER_RECEIVER = 'up{instance="west-2",job="vaka-receiver"}'
BUCKET, COUNT = 'vaka_receiver_answer_seconds_bucket{le="0.4"}', "vaka_receiver_answer_seconds_count"
ABOVE: list[tuple[str, dict[str, str]]] = [
    ("VakaAnswersSlowly", {BUCKET: "0+98x60"}),
    ("VakaAnswersSlowly", {BUCKET: "0x60", COUNT: "0+4.2x60"}),  # 21 in five minutes, all slow
    ("VakaAlarmsWait", {"vaka_alarms_waiting_long": "5x60"}),
    ("VakaConnectionsHigh", {"vaka_database_connections": "80x60"}),
    ("VakaDiskLow", {"vaka_disk_free_bytes": "99999x60"}),
    ("VakaDiskFilling", {"vaka_disk_free_bytes": "500000-200x60"}),
    ("VakaReceiverSilent", {"vaka_receivers_silent": "1x60"}),
    ("VakaReceiverSilent", {"vaka_receivers": "0x60"}),
    ("VakaReceiverDown", {OTHER_RECEIVER: "0x60"}),  # the one of FINE is up
    ("VakaDatabaseUnreachable", {"vaka_authorities_unreachable": "1x60"}),
    ("VakaTrialsFail", {"vaka_trials_failing": "1x60"}),
    ("VakaTrialsStopped", {"vaka_trials_finished_timestamp_seconds": "-130+60x60"}),  # 130 seconds ago
    ("VakaNotMeasured", {"vaka_capacity_measured_timestamp_seconds": "-70+60x60"}),  # 70 seconds ago
    ("VakaNotMeasured", {"vaka_capacity_measured_timestamp_seconds": "0x60"}),
]
BELOW: list[tuple[str, dict[str, str]]] = [
    ("VakaAnswersSlowly", {BUCKET: "0+99.5x60"}),
    ("VakaAnswersSlowly", {BUCKET: "0x60", COUNT: "0+3.8x60"}),  # 19 in five minutes, all slow
    ("VakaAlarmsWait", {"vaka_alarms_waiting_long": "4x60"}),
    ("VakaConnectionsHigh", {"vaka_database_connections": "79x60"}),
    ("VakaDiskLow", {"vaka_disk_free_bytes": "100001x60"}),
    ("VakaDiskFilling", {"vaka_disk_free_bytes": "500000-80x60"}),
    ("VakaTrialsStopped", {"vaka_trials_finished_timestamp_seconds": "-110+60x60"}),  # 110 seconds ago
    ("VakaNotMeasured", {"vaka_capacity_measured_timestamp_seconds": "-50+60x60"}),  # 50 seconds ago
]
FIRST_IS_TOO_MUCH = {"VakaReceiverSilent", "VakaReceiverDown", "VakaDatabaseUnreachable", "VakaTrialsFail"}
"""Just below their thresholds is what FINE says."""


def read_alerts() -> dict[str, Any]:
    """The alerts of the file, by name."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return {rule["alert"]: rule for group in groups for rule in group["rules"] if "alert" in rule}


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bool]:
    """Let promtool try everything at once; by case and alert, whether it came out as it is expected to."""
    promtool = shutil.which("promtool")
    assert promtool is not None, "install prometheus (tools/system-packages test)"
    folder, alerts, results = tmp_path_factory.mktemp("rules"), read_alerts(), {}
    cases = {("fine", ""): (FINE, set[str]())}
    cases |= {("above", f"{name} {at}"): (FINE | other, {name}) for at, (name, other) in enumerate(ABOVE)}
    cases |= {("below", f"{name} {at}"): (FINE | other, set[str]()) for at, (name, other) in enumerate(BELOW)}
    cases |= {("absent", gone): ({n: v for n, v in FINE.items() if n != gone}, {missing(gone)}) for gone in FINE}
    shutil.copy(RULES, folder)
    for case, (series, firing) in cases.items():
        expected = [
            {
                "alertname": name, "eval_time": "50m",
                "exp_alerts": [{"exp_labels": rule["labels"] | labels_of(name, case[1]), "exp_annotations":
                                rule["annotations"]}] if name in firing else [],
            }
            for name, rule in alerts.items()
        ]  # fmt: skip
        told = {
            "rule_files": [RULES.name], "evaluation_interval": "1m",
            "tests": [{
                "interval": "1m", "alert_rule_test": expected,
                "input_series": [{"series": name, "values": values} for name, values in series.items()],
            }],
        }  # fmt: skip
        path = folder / "case.yml"
        path.write_text(yaml.safe_dump(told))
        run = subprocess.run([promtool, "test", "rules", str(path)], capture_output=True, text=True, check=False)
        results[case] = run.returncode == 0 and "SUCCESS" in run.stdout
        if not results[case]:
            print(case, run.stdout, run.stderr)
    return results


def missing(figure: str) -> str:
    """The alert that misses a figure: those of trials come from a process of their own, which not everybody has."""
    return TRIALS_MISSING if figure.startswith("vaka_trials") else MISSING


def labels_of(alert: str, gone: str) -> dict[str, str]:
    """What `absent` says of the series it misses, and whose target is down."""
    if alert == "VakaReceiverDown":
        return {"instance": "west-2", "job": "vaka-receiver"}
    if alert == MISSING and gone.startswith("up"):
        return {"job": "vaka-receiver"}
    return {"le": "0.4"} if alert == MISSING and "le=" in gone else {}


def test_term_21_1_every_rule_fires_above_its_threshold_and_where_there_is_no_figure(
    judged: dict[tuple[str, str], bool],
) -> None:
    """With all well none does; each alone above its threshold, none below; and one for each figure that is gone."""
    assert {name for name, _ in ABOVE} | {MISSING, TRIALS_MISSING} == set(read_alerts())
    assert {name for name, _ in BELOW} | FIRST_IS_TOO_MUCH == {name for name, _ in ABOVE}
    assert [case for case, is_right in judged.items() if not is_right] == []
    assert len(judged) == 1 + len(ABOVE) + len(BELOW) + len(FINE)


def test_each_alert_has_its_page_and_a_figure_that_is_missed() -> None:
    """A runbook's heading for each alert; and whatever figure a rule looks at is missed where it is not there."""
    text = (ROOT / "docs" / "capacity.md").read_text(encoding="utf-8")
    for name, rule in read_alerts().items():
        assert f"### {name}\n" in text
        assert rule["labels"]["severity"] in ("critical", "high")
    for figure in FINE:
        assert f"absent({figure})" in read_alerts()[missing(figure)]["expr"]
