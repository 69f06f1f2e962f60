# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reading advisory data and bills: what the formats allow, and nothing else; and fetching over real TLS."""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.operations.vulnerabilities.data import bill, debian, filler, osv, python, tracker, zipped
from vaka.errors import ConfigurationError
from vaka.operations.integrity.sbom import running_sbom
from vaka.operations.vulnerabilities import reading
from vaka.operations.vulnerabilities.bill import digest_of, list_running, read_bill
from vaka.operations.vulnerabilities.fetching import NotFetchedError, fetch
from vaka.operations.vulnerabilities.reading import UnusableDataError, read_data

RESOLVED = {"status": "resolved", "fixed_version": "1", "urgency": "low"}


def test_a_zip_a_list_and_one_record_say_the_same() -> None:
    record = osv()
    said = [
        read_data(content) for content in (zipped(record), json.dumps([record]).encode(), json.dumps(record).encode())
    ]
    assert {one.source for one in said} == {"osv:PyPI"}
    assert said[0].records == said[1].records == said[2].records
    [one] = said[0].records
    assert (one.package, one.id, one.content["vulnerability"]) == ("provpaket", "VAKA-2026-1", "CVE-2026-10001")
    assert one.content["affected"][0]["ranges"][0]["events"] == [{"introduced": "0"}, {"fixed": "2.0"}]
    assert said[0].newest == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_the_tracker_is_known_by_its_form_and_what_is_unimportant_is_left_out() -> None:
    read = read_data(tracker(bookworm=RESOLVED, trixie={"status": "open", "urgency": "unimportant"}))
    assert read.source == "debian"
    assert [(one.package, one.id) for one in read.records] == [
        ("provkalla", "CVE-2026-20002"), ("annan", "CVE-2026-20003"),
    ]  # fmt: skip
    assert set(read.records[0].content["releases"]) == {"bookworm"}


def test_names_are_compared_as_pypi_does_and_withdrawn_records_are_none() -> None:
    read = read_data(zipped(osv(package="Prov_Paket.Ett"), osv("VAKA-2026-2", withdrawn="2026-01-03T00:00:00Z")))
    assert [one.package for one in read.records] == ["prov-paket-ett"]
    assert [one.package for one in list_running(bill(python("prov.paket_ETT")))] == ["prov-paket-ett"]


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"aliases": ["CVE-2026-1", "GHSA-x"]}, "CVE-2026-1"),
        ({"aliases": ["CVE-2026-1", "CVE-2026-2"]}, "VAKA-2026-1"),
        ({"aliases": [], "upstream": ["CVE-2026-3"]}, "CVE-2026-3"),
        ({"aliases": []}, "VAKA-2026-1"),
    ],
)
def test_a_vulnerability_is_called_by_its_cve_where_it_has_one(facts: dict[str, Any], expected: str) -> None:
    assert read_data(zipped(osv(**facts))).records[0].content["vulnerability"] == expected


def test_what_looks_like_somebodys_number_is_not_handed_on() -> None:
    assert read_data(zipped(osv(summary="Ring 0701740605"))).records[0].content["summary"] == ""
    assert len(read_data(zipped(osv(summary="x" * 5000))).records[0].content["summary"]) == 300


def range_of(**event: str) -> dict[str, Any]:
    return osv(affected=[{"package": {"ecosystem": "PyPI", "name": "p"}, "ranges": [
        {"type": "ECOSYSTEM", "events": [event]}]}])  # fmt: skip


REFUSED: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "no JSON": lambda: b"{",
    "a number": lambda: b"7",
    "an empty tracker": lambda: b"{}",
    "nested too deep": lambda: b"[" * 200_000,
    "no archive": lambda: b"PK\x03\x04nothing",
    "an archive cut off": lambda: zipped(osv(), *filler(20))[:-60],
    "no id": lambda: json.dumps([{"modified": "2026-01-01T00:00:00Z"}]).encode(),
    "a time without zone": lambda: zipped(osv(modified="2026-01-01T00:00:00")),
    "two things in an event": lambda: zipped(range_of(introduced="0", fixed="1")),
    "nothing in an event": lambda: zipped(range_of()),
    "another kind of range": lambda: zipped(
        osv(affected=[{"package": {"ecosystem": "PyPI", "name": "p"}, "ranges": [{"type": "X", "events": [{}]}]}])
    ),
    "nothing of ours": lambda: zipped(*filler(1, "npm")),
    "two ecosystems": lambda: zipped(osv(), *filler(1, "Debian:12")),
    "a record twice": lambda: json.dumps([osv(), osv()]).encode(),
    "a tracker with another status": lambda: tracker(bookworm={"status": "fine"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_as_its_format_says_is_refused_as_a_whole(name: str) -> None:
    with pytest.raises(UnusableDataError):
        read_data(REFUSED[name]())


def test_what_is_too_large_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """By what an archive unpacks to, and not by what it says of itself."""
    content = zipped(osv(summary="x" * 19_000), *filler(3))
    assert read_data(content)
    for bound, value in (
        ("LARGEST_FILE", 100), ("LARGEST_RECORD", 10_000), ("LARGEST_WHOLE", 15_000), ("MOST_RECORDS", 3)
    ):  # fmt: skip
        with monkeypatch.context() as patch:
            patch.setattr(reading, bound, value)
            with pytest.raises(UnusableDataError):
                read_data(content)


def test_bills_say_what_runs_and_of_which_source(tmp_path: Path) -> None:
    found = list_running(bill(python(), {**debian(), "components": [python("inre", "3")]}))
    assert {(one.package, one.compared, one.unassessed) for one in found} == {
        ("provpaket", "1.5", ""), ("provkalla", "1.2-2", ""), ("inre", "3", ""),
    }  # fmt: skip
    assert digest_of(found) == digest_of(reversed(found)) != digest_of(found[1:])
    for content in ("{", "[]", '{"bomFormat": "SPDX"}'):
        (tmp_path / "bill.json").write_text(content)
        with pytest.raises(ConfigurationError):
            read_bill(tmp_path / "bill.json")
    with pytest.raises(ConfigurationError):
        read_bill(tmp_path / "missing.json")


def test_what_really_runs_can_be_assessed() -> None:
    """The bill of this machine: each Debian package with its source, each distribution; what is not, says why."""
    found = list_running(running_sbom())
    assert {one.ecosystem for one in found if not one.unassessed} == {"PyPI", "Debian"}
    assert len([one for one in found if not one.unassessed]) > 100
    assert [one for one in found if one.unassessed and one.name not in ("cpython",)] == []


def test_an_interpreter_is_the_systems_package_where_that_is_the_same() -> None:
    own = {"type": "platform", "name": "cpython", "version": "3.11.2"}
    packaged = debian("libpython3.11", "3.11.2-6", "python3.11@3.11.2-6")
    assert [one.name for one in list_running(bill(own, packaged)) if one.unassessed] == []
    assert [one.name for one in list_running(bill({**own, "version": "3.11.9"}, packaged)) if one.unassessed] == [
        "cpython"
    ]


# --- fetching --------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own for this machine, with its key behind it."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mirror")])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(7).not_valid_before(datetime.now(UTC) - timedelta(days=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path_factory.mktemp("tls") / "mirror.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    return path


@asynccontextmanager
async def mirror(certificate: Path, answer: bytes) -> AsyncIterator[str]:
    """A web server on this machine that gives one answer; yields its address."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "localhost", 0, ssl=tls)
    async with server:
        yield f"https://localhost:{server.sockets[0].getsockname()[1]}/PyPI/all.zip"


def answer_of(content: bytes, head: str = "200 OK", length: int | None = None) -> bytes:
    size = len(content) if length is None else length
    told = "Last-Modified: Thu, 01 Jan 2026 10:00:00 GMT\r\n"
    return f"HTTP/1.1 {head}\r\nContent-Length: {size}\r\n{told}\r\n".encode() + content


@pytest.mark.anyio
async def test_data_are_fetched_over_tls_with_the_time_that_their_source_says(certificate: Path) -> None:
    content = zipped(osv())
    async with mirror(certificate, answer_of(content)) as url:
        got = await fetch(url, certificate, seconds=10)
    assert got.content == content
    assert got.changed_at == datetime(2026, 1, 1, 10, tzinfo=UTC)


@pytest.mark.anyio
@pytest.mark.parametrize("fault", ["another issuer", "a redirect", "cut off", "no HTTP", "too much", "silent"])
async def test_what_is_not_fetched_whole_is_not_taken(
    fault: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = {
        "a redirect": b"HTTP/1.1 302 Found\r\nLocation: http://localhost/\r\nContent-Length: 0\r\n\r\n",
        "cut off": answer_of(b"x" * 10, length=1000), "no HTTP": b"220 mail.example\r\n\r\n",
        "silent": b"",
    }  # fmt: skip
    if fault == "too much":
        monkeypatch.setattr("vaka.operations.vulnerabilities.fetching.LARGEST_FILE", 10)
    async with mirror(certificate, answers.get(fault, answer_of(b"x" * 5000))) as url:
        with pytest.raises(NotFetchedError):
            await fetch(url, None if fault == "another issuer" else certificate, seconds=10)


@pytest.mark.anyio
async def test_nobody_there_is_said(certificate: Path) -> None:
    async with mirror(certificate, b"") as url:
        pass
    with pytest.raises(NotFetchedError) as refused:
        await fetch(url, certificate, seconds=5)
    assert "localhost" in refused.value.sentence.sv
