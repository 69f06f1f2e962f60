# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The evidence pack that an authority takes out verifies without us, and holds nothing of anybody else (term 37)."""

import io
import json
import random
import string
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from tests.assurance.judges import judge_by_constraints, judge_by_schema, judge_references
from tests.assurance.unpacking import files_of, unpack, verify
from tests.platform import platform_as
from tests.web.browsers import Browser
from tests.web.furniture import Installation
from tests.web.portal.conftest import Logs, enter
from tests.web.portal.conftest import files_of as log_files_of
from tests.web.portal.shelf import Shelf
from vaka.assurance.evidence import Found, Look, enter_look
from vaka.assurance.terms import find_requirements, load_terms
from vaka.commands.main import main
from vaka.database.server import PLATFORM_DATABASE
from vaka.keys.signing_key import public_file
from vaka.ledger.proofs import parse_proof
from vaka.web.portal.portal import Portal

pytestmark = [pytest.mark.anyio, pytest.mark.database]

HERE = "/log/ekbacka/terms/pack"


@pytest.fixture
async def beata(portal: Portal, installation: Installation) -> Browser:
    """Ekbacka's access approver."""
    return await enter(portal, installation, "beata")


async def look(installation: Installation, requirement: str, look: Look) -> None:
    """Let a collector have found something now."""
    async with platform_as(installation.server, "scheduler") as scheduler:
        await enter_look(scheduler, find_requirements(load_terms())[requirement], look, datetime.now(UTC))


async def take(browser: Browser, logs: Logs) -> bytes:
    """Take a pack out of an installation whose logs are sealed."""
    await logs.seal()
    await logs.seal_platform()
    answer = await browser.post(HERE, {})
    assert answer.status == 200, answer.text
    assert answer.header("content-type") == "application/zip"
    assert answer.header("cache-control") == "no-store"
    assert answer.header("content-disposition").startswith('attachment; filename="vaka-ekbacka-terms-')
    return answer.body


async def test_term_37_4_the_pack_verifies_offline(
    beata: Browser, portal: Portal, logs: Logs, installation: Installation, tmp_path: Path
) -> None:
    """By openssl and sha256sum as its own README says, as OSCAL by two others, its proofs by `vaka verify`."""
    own = installation.authorities["ekbacka"].id
    await look(installation, "ended-accounts", Look([Found(None, "active", 3)]))
    await look(installation, "emergency-grants", Look([Found(own, "unanswered", 2)]))
    mark = logs.mark("ekbacka")
    folder = unpack(await take(beata, logs), tmp_path / "pack")
    assert verify(folder) == []
    documents = {path.name: json.loads(path.read_text("utf-8")) for path in (folder / "oscal").iterdir()}
    assert len(documents) == 8
    assert judge_by_schema(documents) == []
    assert judge_by_constraints(folder / "oscal") == []
    assert judge_references(documents) == []
    [entry] = [one for one in logs.since(mark, "ekbacka") if one["event"] == "evidence.packed"]
    assert entry["object"] == f"authority:{own}"
    assert entry["actor"] == f"account:{beata.account}"
    assert entry["detail"]["sha256"] == sha256((folder / "SHA256SUMS").read_bytes()).hexdigest()
    assert entry["detail"]["key"] == sha256((folder / "key.pem").read_bytes()).hexdigest()
    assert (folder / "key.pem").read_bytes() == public_file(portal.packs_key).read_bytes()
    verify_proofs(folder, installation)


def verify_proofs(folder: Path, installation: Installation) -> None:
    """Each finding that stands has its entry, and the log's own public key proves it."""
    files = log_files_of(installation, PLATFORM_DATABASE)
    key = files.public.read_text("utf-8").strip()
    told = [json.loads(line) for line in (folder / "ledger" / "entries.jsonl").read_text("utf-8").splitlines()]
    found = [json.loads(line) for line in (folder / "evidence" / "findings.jsonl").read_text("utf-8").splitlines()]
    standing = {one["requirement"]: one for one in found if one["stands"]}
    assert {one["requirement"] for one in told} == set(standing)
    assert standing["ended-accounts"]["things"] == 3
    for one in told:
        path = folder / "ledger" / f"entry-{one['entry']:09}.tlog-proof"
        shown = CliRunner().invoke(main, ["verify", "--log", key, "--proof", str(path)])
        assert shown.exit_code == 0, shown.output
        assert (one["reason"], one["requirement"]) == (standing[one["requirement"]]["reason"], one["requirement"])


def change_byte(folder: Path) -> None:
    path = folder / "evidence" / "findings.jsonl"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(bytes(data))


def swap_files(folder: Path) -> None:
    one, other = folder / "oscal" / "catalog.json", folder / "oscal" / "profile.json"
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def add_file(folder: Path) -> None:
    (folder / "evidence" / "more.jsonl").write_text("{}\n", "utf-8")


def leave_out(folder: Path) -> None:
    (folder / "oscal" / "plan-of-action-and-milestones.json").unlink()


def change_sums(folder: Path) -> None:
    """Somebody makes the sums fit what he changed."""
    change_byte(folder)
    sums = folder / "SHA256SUMS"
    kept = [line for line in sums.read_text("utf-8").splitlines() if not line.endswith("findings.jsonl")]
    changed = sha256((folder / "evidence" / "findings.jsonl").read_bytes()).hexdigest()
    sums.write_text("\n".join([*kept, f"{changed}  evidence/findings.jsonl"]) + "\n", "utf-8")


def other_key(folder: Path) -> None:
    (folder / "SHA256SUMS.sig").write_bytes(bytes(64))


async def test_term_37_4_a_pack_that_was_touched_is_refused(beata: Browser, logs: Logs, tmp_path: Path) -> None:
    """One byte, two files in each other's place, one more, one less, sums made to fit, another's signature."""
    data = await take(beata, logs)
    cases: list[tuple[Callable[[Path], None], str]] = [
        (change_byte, "sha256sum"), (swap_files, "sha256sum"), (add_file, "test"), (leave_out, "sha256sum"),
        (change_sums, "openssl"), (other_key, "openssl"),
    ]  # fmt: skip
    for number, (broken, refuses) in enumerate(cases):
        folder = unpack(data, tmp_path / str(number))
        assert verify(folder) == []
        broken(folder)
        assert refuses in verify(folder), broken.__name__


async def test_a_pack_holds_nothing_of_another_authority(
    beata: Browser, logs: Logs, installation: Installation, tmp_path: Path
) -> None:
    """For any findings of another's, neither what was found of it nor its name is in any file, or in any proof."""
    chance = random.Random(37)
    own, other = installation.authorities["ekbacka"], installation.authorities["norrvik"]
    markers = []
    for requirement in ("conflicting-roles", "duty-exceptions", "designated-roles", "emergency-grants", "log-sealed"):
        for _ in range(3):
            marker = "of_" + "".join(chance.choices(string.ascii_lowercase, k=20))
            things = chance.randrange(10**12, 10**13)
            markers += [marker, str(things)]
            await look(installation, requirement, Look([Found(own.id), Found(other.id, marker, things)]))
        await look(installation, requirement, Look([Found(own.id)], unseen=[other.id]))
    markers += [str(other.id), other.id.hex, other.slug, other.name, other.database_name]
    folder = unpack(await take(beata, logs), tmp_path / "pack")
    files = files_of(folder)
    # What a proof carries in base64 is read as well.
    files |= {f"{path}, the entry": parse_proof(data).extra for path, data in files.items() if path.endswith("-proof")}
    assert len([path for path in files if path.endswith(", the entry")]) >= 5
    for path, data in files.items():
        for marker in markers:
            assert marker.encode() not in data, (path, marker)
    lines = [json.loads(line) for line in files["evidence/findings.jsonl"].splitlines()]
    assert {one["requirement"] for one in lines if one["own"]} >= {"duty-exceptions", "log-sealed"}


async def test_a_pack_lists_the_files_that_the_authority_is_shown(
    beata: Browser, logs: Logs, installation: Installation, tmp_path: Path
) -> None:
    """With the fingerprint that the log has; and none of another's, of a draft, or of a register of staff."""
    shelf, other = Shelf(installation), installation.authorities["norrvik"].id
    try:
        for register in ("documents", "findings", "undertakings"):
            shelf.show(register, "ekbacka", "entries")
        entry = shelf.put("documents", "in_force", title="Rutin", purpose="procedure")
        file = shelf.attach(entry, "Rutin åäö.txt", b"En rutin")
        shelf.attach(shelf.put("findings", "open", [other], title="Annans"), "Annans.txt", b"x")
        shelf.attach(shelf.put("documents", "draft", title="Utkast", purpose="procedure"), "Utkast.txt", b"x")
        shelf.attach(shelf.put("undertakings", "noted", customers="yes"), "Personal.txt", b"x")
        folder = unpack(await take(beata, logs), tmp_path / "pack")
    finally:
        shelf.execute("truncate register_version, register_acknowledgement, register_showing, attachment")
    assert verify(folder) == []
    [line] = [json.loads(one) for one in (folder / "evidence" / "files.jsonl").read_text("utf-8").splitlines()]
    assert (line["file"], line["entry"], line["name"]) == (str(file), str(entry), "Rutin åäö.txt")
    assert (line["sha256"], line["size"]) == (sha256(b"En rutin").hexdigest(), 8)
    assert not any(str(one) in str(line) for one in installation.accounts.values())


async def test_the_same_evidence_is_the_same_pack_but_for_its_moment(
    beata: Browser, portal: Portal, logs: Logs, installation: Installation
) -> None:
    """Files in order, all of one time; identifiers of controls and findings do not depend on chance."""
    await look(installation, "left-open", Look([Found(None)]))
    first, second = [zipfile.ZipFile(io.BytesIO(await take(beata, logs))) for _ in range(2)]
    names = first.namelist()
    assert names == second.namelist() == sorted(names, key=str.casefold)
    assert {one.date_time for one in first.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    for name in ("evidence/findings.jsonl", "evidence/looks.jsonl", "README.txt", "key.pem"):
        assert first.read(name) == second.read(name), name
    assert controls(first) == controls(second)


def controls(archive: zipfile.ZipFile) -> Any:
    return json.loads(archive.read("oscal/catalog.json"))["catalog"]["groups"]


async def test_nobody_takes_out_anothers_evidence(portal: Portal, installation: Installation, logs: Logs) -> None:
    """Norrvik's reviewer is told that there is nothing there, and nothing is entered."""
    niklas, mark = await enter(portal, installation, "niklas"), logs.mark("ekbacka")
    assert (await niklas.post(HERE, {})).status == 404
    assert [one for one in logs.since(mark, "ekbacka") if one["event"] == "evidence.packed"] == []


async def test_nothing_is_taken_out_while_the_log_stands_still(beata: Browser, logs: Logs) -> None:
    """What cannot be entered so that it stays is not handed out."""
    await logs.seal()
    logs.execute("ekbacka", "update ledger.checkpoint set signed_at = now() - interval '1 hour'", unguarded=True)
    mark = logs.mark("ekbacka")
    answer = await beata.post(HERE, {})
    assert answer.status == 503
    assert "PK" not in answer.text[:2]
    assert [one for one in logs.since(mark, "ekbacka") if one["event"] == "evidence.packed"] == []
    await logs.seal()
