# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The cryptographic bill of materials, judged by the CycloneDX project's own validator."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from vaka.crypto.policy import load_policy, parse_policy
from vaka.keys.bill import bill_of_materials
from vaka.keys.calls import Registered

NOW = datetime(2026, 3, 14, 9, 30, tzinfo=UTC)
EKBACKA = str(UUID(int=0xE))
KEYS = (
    Registered(id="root/2", kind="root", purpose="", owner="platform", keys=1, created=NOW,
               rotate_by=NOW + timedelta(days=730), state="current"),
    Registered(id="root/1", kind="root", purpose="", owner="platform", keys=1, created=NOW, rotate_by=None,
               state="destroyed"),
    Registered(id=f"lookup/{EKBACKA}/phone/1", kind="lookup", purpose="phone", owner=EKBACKA, keys=1, created=NOW,
               rotate_by=NOW, state="due"),
    Registered(id=f"person/{EKBACKA}/1", kind="person", purpose="", owner=EKBACKA, keys=120, created=NOW,
               rotate_by=NOW + timedelta(days=1825), state="current"),
)  # fmt: skip


def made() -> dict[str, Any]:
    return bill_of_materials(load_policy(), KEYS, serial=UUID(int=7), version="0.1.0", now=NOW)


def complaints(bill: dict[str, Any]) -> object:
    return JsonStrictValidator(SchemaVersion.V1_6).validate_str(json.dumps(bill))


def test_it_is_a_valid_bill() -> None:
    assert complaints(made()) is None


@pytest.mark.parametrize("fault", ["primitive", "state", "bomFormat"])
def test_the_validator_would_complain(fault: str) -> None:
    bill = made()
    if fault == "bomFormat":
        bill["bomFormat"] = "Other"
    elif fault == "primitive":
        bill["components"][0]["cryptoProperties"]["algorithmProperties"]["primitive"] = "magic"
    else:
        bill["components"][-1]["cryptoProperties"]["relatedCryptoMaterialProperties"]["state"] = "lost"
    assert complaints(bill) is not None


def test_every_algorithm_and_every_key_is_in_it_once() -> None:
    bill = made()
    references = [one["bom-ref"] for one in bill["components"]]
    assert len(references) == len(set(references)) == len(load_policy().algorithms) + len(KEYS)
    algorithms = {one["name"] for one in bill["components"] if one["cryptoProperties"]["assetType"] == "algorithm"}
    assert algorithms == {name for name, _ in load_policy().algorithms}
    materials = [
        one["cryptoProperties"]["relatedCryptoMaterialProperties"]
        for one in bill["components"]
        if one["cryptoProperties"]["assetType"] != "algorithm"
    ]
    assert [one["state"] for one in materials] == ["active", "destroyed", "active", "active"]
    assert {one["algorithmRef"] for one in materials} <= set(references)
    assert "expirationDate" not in materials[1]


def test_an_exception_is_told_with_its_reason() -> None:
    told = [one["description"] for one in made()["components"] if "Exception: " in one.get("description", "")]
    assert len(told) == sum(bool(one.exception) for one in load_policy().algorithms.values()) >= 1


def test_a_purpose_that_nobody_has_described_is_not_passed_over() -> None:
    strange = parse_policy(
        '[[algorithm]]\nname = "Wax"\npurpose = "sealing wax"\nbits = 256\nsource = "none"\n'
        'exception = "only to see what becomes of it here"\n[rotate_after_days]\nroot = 1\n'
        '[tls]\nversions = ["TLSv1.3"]\nsuites = ["TLS_AES_256_GCM_SHA384"]\n'
        'groups = ["X25519"]\n[certificates]\nissuer_days = 1826\ndays = 90\nrenew_before_days = 30\n'
    )
    with pytest.raises(KeyError):
        bill_of_materials(strange, (), serial=UUID(int=7), version="0", now=NOW)
