# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Advisories are CSAF 2.0 by another's judge, and none leaves its reader without an answer (term 29)."""

import json
from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.assurance.judges import Json, judge_csaf
from vaka.assurance.advisories import Advisory, Component, Justification, Kind, Product, Remedy, UnusableAdvisoryError
from vaka.assurance.csaf import make_csaf
from vaka.commands.main import main

KNOWN = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
TOLD = KNOWN + timedelta(minutes=20)
LIBPQ = Component("libpq", "17.1", "pkg:deb/debian/libpq5@17.1")
SERVER = Component("uvicorn", "0.38.0", "pkg:pypi/uvicorn@0.38.0")
HTMX = Component("htmx", "2.0.4", "pkg:npm/htmx.org@2.0.4")
FIXED = Component("libpq", "17.2", "pkg:deb/debian/libpq5@17.2")


def advisory(kind: Kind = "advisory", **other: Any) -> Advisory:
    """Return one that says something of each kind of product."""
    products = [
        Product(LIBPQ, "affected", Remedy("vendor_fix", "Uppgradera till 17.2.", KNOWN + timedelta(hours=5))),
        Product(
            SERVER, "not_affected", justification="vulnerable_code_not_in_execute_path",
            because="Funktionen används inte, se inställningen http.",
        ),
        Product(HTMX, "under_investigation"),
        Product(FIXED, "fixed"),
    ]  # fmt: skip
    made = Advisory(
        id="VAKA-2026-0007", kind=kind, title="Fel i tolkning av anslutningar", summary="Ett fel i libpq.",
        vulnerability="CVE-2026-12345", source="", tlp="AMBER+STRICT", publisher="Leverantören",
        namespace="https://leverantor.example", references=["https://security.example/CVE-2026-12345"],
        products=products, known=KNOWN, told=TOLD, fixed=KNOWN + timedelta(hours=5),
    )  # fmt: skip
    return replace(made, **other)


def lose_title(document: Json) -> None:
    del document["document"]["title"]


def dangle(document: Json) -> None:
    document["vulnerabilities"][0]["product_status"]["fixed"] = ["pkg:pypi/nothing@1"]


def contradict(document: Json) -> None:
    document["vulnerabilities"][0]["product_status"]["fixed"].append(LIBPQ.purl)


def say_twice(document: Json) -> None:
    [vendor] = document["product_tree"]["branches"]
    vendor["branches"].append(deepcopy(vendor["branches"][0]))


def lose_justification(document: Json) -> None:
    del document["vulnerabilities"][0]["flags"]
    del document["vulnerabilities"][0]["threats"]


def lose_remediation(document: Json) -> None:
    del document["vulnerabilities"][0]["remediations"]


def skip_release(document: Json) -> None:
    document["document"]["tracking"]["version"] = "3"


def test_term_29_2_a_document_passes_anothers_strict_judge_and_a_broken_one_does_not() -> None:
    """Both profiles, what has no CVE, and what has no remedy. Broken is VEX, whose profile asks for an answer for each
    product.
    """
    none = Product(LIBPQ, "affected", Remedy("none_available", "Ingen rättelse finns än."))
    whole = {
        "advisory": make_csaf(advisory(), "0.1.0"),
        "vex": make_csaf(advisory("vex"), "0.1.0"),
        "no cve": make_csaf(advisory("vex", vulnerability="GHSA-abcd-1234", source="GitHub"), "0.1.0"),
        "no remedy": make_csaf(advisory(products=[none], fixed=None), "0.1.0"),
    }
    variants = {}
    breaks: list[Callable[[Json], None]] = [
        lose_title, dangle, contradict, say_twice, lose_justification, lose_remediation, skip_release
    ]  # fmt: skip
    for broken in breaks:
        variants[broken.__name__] = deepcopy(whole["vex"])
        broken(variants[broken.__name__])
    wrong = judge_csaf(whole | variants)
    assert {name: wrong.get(name, []) for name in whole} == {name: [] for name in whole}
    assert wrong.keys() == variants.keys()


def test_a_document_says_how_each_product_stands_and_when() -> None:
    document = make_csaf(advisory(), "0.1.0")
    [told] = document["vulnerabilities"]
    assert told["product_status"] == {
        "known_affected": [LIBPQ.purl], "known_not_affected": [SERVER.purl], "under_investigation": [HTMX.purl],
        "fixed": [FIXED.purl],
    }  # fmt: skip
    assert (told["discovery_date"], told["release_date"]) == ("2026-03-14T02:00:00Z", "2026-03-14T02:20:00Z")
    assert told["remediations"][0]["date"] == "2026-03-14T07:00:00Z"
    assert document["document"]["distribution"] == {"text": "TLP:AMBER+STRICT", "tlp": {"label": "AMBER"}}
    other = make_csaf(advisory("vex", vulnerability="GHSA-abcd-1234", source="GitHub"), "0.1.0")
    assert other["vulnerabilities"][0]["ids"] == [{"system_name": "GitHub", "text": "GHSA-abcd-1234"}]


def test_term_29_2_an_affected_product_without_a_remedy_is_refused() -> None:
    """By us, in both profiles: the other judge only warns in one of them."""
    kinds: list[Kind] = ["advisory", "vex"]
    for kind in kinds:
        with pytest.raises(UnusableAdvisoryError) as refused:
            make_csaf(advisory(kind, products=[Product(LIBPQ, "affected")], fixed=None), "0.1.0")
        assert LIBPQ.purl in refused.value.sentence.sv


@pytest.mark.parametrize("because", ["", "Koden körs inte."])
def test_term_29_4_not_affected_without_justification_is_refused(because: str) -> None:
    """A reason in words is no justification, and neither is one without words."""
    justification: Justification | None = None if because else "vulnerable_code_not_present"
    product = Product(SERVER, "not_affected", justification=justification, because=because)
    with pytest.raises(UnusableAdvisoryError) as refused:
        make_csaf(advisory("vex", products=[product], fixed=None), "0.1.0")
    assert SERVER.purl in refused.value.sentence.en


@pytest.mark.parametrize(
    "other",
    [
        {"products": [], "fixed": None},
        {"products": [Product(FIXED, "fixed"), Product(FIXED, "under_investigation")]},
        {"told": KNOWN - timedelta(seconds=1)},
        {"fixed": KNOWN - timedelta(seconds=1)},
        {"fixed": None},
        {"products": [Product(HTMX, "under_investigation")]},
        {"known": KNOWN.replace(tzinfo=None), "told": TOLD},
        {"vulnerability": "felet", "source": ""},
        {"references": []},
        {"products": [Product(HTMX, "fixed", justification="component_not_present")]},
    ],
)
def test_what_leaves_a_question_open_is_refused(other: dict[str, Any]) -> None:
    with pytest.raises(UnusableAdvisoryError):
        make_csaf(advisory(**other), "0.1.0")


BILL = {
    "bomFormat": "CycloneDX", "specVersion": "1.6",
    "components": [
        {"type": "library", "name": one.name, "version": one.version, "purl": one.purl} for one in (LIBPQ, SERVER)
    ] + [{"type": "file", "name": "static"}],
}  # fmt: skip
WRITTEN: dict[str, Any] = {
    "id": "VAKA-2026-0007", "kind": "vex", "title": "Fel i libpq", "summary": "Ett fel.", "tlp": "CLEAR",
    "vulnerability": "CVE-2026-12345", "publisher": "Leverantören", "namespace": "https://leverantor.example",
    "known": "2026-03-14T02:00:00Z", "told": "2026-03-14T02:20:00+01:00",
    "products": [
        {"purl": LIBPQ.purl, "status": "affected", "remedy": {"kind": "workaround", "details": "Stäng av det."}}
    ],
}  # fmt: skip


def write(folder: Path, written: object, bill: object = BILL) -> tuple[int, str]:
    """Run the command; return its exit code and what it said."""
    source, sbom = folder / "advisory.json", folder / "bill.json"
    source.write_text(written if isinstance(written, str) else json.dumps(written), "utf-8")
    sbom.write_text(json.dumps(bill), "utf-8")
    done = CliRunner().invoke(
        main, ["advisory", "write", "--from", str(source), "--sbom", str(sbom), "--to", str(folder / "csaf.json")]
    )
    return done.exit_code, done.output + done.stderr


def test_the_command_writes_of_what_runs(tmp_path: Path) -> None:
    """The version comes from the bill of materials; a file that is there stays as it is."""
    written = {**WRITTEN, "told": "2026-03-14T02:20:00Z"}
    assert write(tmp_path, written) == (0, f"{tmp_path / 'csaf.json'} holds the csaf_vex.\n")
    document = json.loads((tmp_path / "csaf.json").read_text("utf-8"))
    [vendor] = document["product_tree"]["branches"]
    assert vendor["branches"][0]["branches"][0]["name"] == "17.1"
    assert write(tmp_path, written)[0] == 1, "a file that is there is not written over"


@pytest.mark.parametrize(
    ("written", "bill", "said"),
    [
        (WRITTEN, BILL, "before it was known"),
        ({**WRITTEN, "products": [{"purl": HTMX.purl, "status": "under_investigation"}]}, BILL, "does not have"),
        ({**WRITTEN, "green": True}, BILL, "green"),
        ({**WRITTEN, "known": "2026-03-14T02:00:00"}, BILL, "known"),
        ({**WRITTEN, "namespace": "javascript:alert(1)"}, BILL, "namespace"),
        ("[" * 100_000, BILL, "is not JSON"),
        (WRITTEN, {"bomFormat": "SPDX"}, "bomFormat"),
    ],
)
def test_the_command_refuses_what_is_not_so(tmp_path: Path, written: object, bill: object, said: str) -> None:
    code, shown = write(tmp_path, written, bill)
    assert (code, said in shown) == (1, True), shown
    assert not (tmp_path / "csaf.json").exists()
