# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""No secret in the repository, in its past, or in what is released; and a planted one is found (term 11, proof 4)."""

import base64
import string
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from tests.secrets.scanning import ROOT, Found, NothingScannedError, read_known, scan, scan_history, scan_tree, unknown
from vaka.ledger.note_keys import LogSigner

LETTERS = string.ascii_letters + string.digits
_PEM = serialization.Encoding.PEM
_PLAIN = serialization.NoEncryption()


def drawn(count: int, letters: str = LETTERS) -> str:
    """Return characters in no order, the same each time: of what chance chooses a rule misses one in some hundreds."""
    return "".join(Random(f"{count} of {letters}").choices(letters, k=count))


def quoted(count: int) -> str:
    """Return such characters in quotation marks."""
    return f'"{drawn(count)}"'


def private_key(form: serialization.PrivateFormat, kind: str = "ed25519") -> str:
    """Return a new private key as PEM."""
    made: ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    if kind == "rsa":
        made = rsa.generate_private_key(65537, 2048)
    else:
        made = ec.generate_private_key(ec.SECP256R1()) if kind == "ec" else ed25519.Ed25519PrivateKey.generate()
    return made.private_bytes(_PEM, form, _PLAIN).decode()


# What is planted, made when it is needed: this file has none of it. Each with the rule that must find it.
PLANTED: dict[str, tuple[str, Callable[[], str]]] = {
    "a private key": ("private-key", lambda: private_key(serialization.PrivateFormat.PKCS8)),
    "an RSA key": ("private-key", lambda: private_key(serialization.PrivateFormat.TraditionalOpenSSL, "rsa")),
    "an EC key": ("private-key", lambda: private_key(serialization.PrivateFormat.TraditionalOpenSSL, "ec")),
    "an OpenSSH key": ("private-key", lambda: private_key(serialization.PrivateFormat.OpenSSH)),
    "a key among code": ("private-key", lambda: f'K = """\n{private_key(serialization.PrivateFormat.PKCS8)}"""\n'),
    "an age key": (
        "age-secret-key", lambda: "AGE-SECRET-KEY-1" + drawn(58, "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L")
    ),
    "a log's key": ("note-key", lambda: LogSigner.of("vaka.invalid", ed25519.Ed25519PrivateKey.generate()).encode()),
    "an AWS key": ("aws-key-name", lambda: f"AKIA{drawn(16, string.ascii_uppercase + '234567')}"),
    "a Google key": ("gcp-api-key", lambda: f"key: AIza{drawn(35)}"),
    "a GitHub token": ("github-pat", lambda: f"ghp_{drawn(36)}"),
    "a Slack token": (
        "slack-bot-token",
        lambda: f"xoxb-{drawn(12, string.digits)}-{drawn(12, string.digits)}-{drawn(24)}",
    ),
    "a database's address": ("address", lambda: f"postgresql://vaka_desk:{drawn(24)}@db.example.org:5432/vaka"),
    "a password file": ("pgpass", lambda: f"localhost:5432:*:vaka_desk:{drawn(32)}"),
    "a setting": ("assignment", lambda: f"[database]\npassword = {quoted(12)}"),
    "a value in code": ("assignment", lambda: f"API_TOKEN: str = {quoted(30)}"),
    "a field of JSON": ("assignment", lambda: f'{{"client_secret": {quoted(20)}}}'),
    "an environment": ("environment", lambda: f"Environment=PGPASSWORD={drawn(20)}"),
    "a bare key in hexadecimal": ("hexadecimal", lambda: f"x = '{drawn(64, string.hexdigits.lower()[:16])}'"),
    "a bare key in Base64": ("base64", lambda: base64.b64encode(Random(32).randbytes(32)).decode()),
}  # fmt: skip


@pytest.fixture(scope="module")
def tree() -> list[Found]:
    """What looks like a secret in the project's files."""
    return scan_tree(ROOT)


@pytest.fixture(scope="module")
def past() -> list[Found]:
    """What looks like one in any earlier version of them."""
    return scan_history(ROOT)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """An empty repository."""
    subprocess.run(["git", "init", "--quiet", tmp_path], check=True)
    return tmp_path


def test_term_11_4_no_file_of_the_project_holds_a_secret(tree: list[Found]) -> None:
    assert sorted(map(str, unknown(tree, read_known()))) == []


def test_term_11_4_no_earlier_version_of_a_file_held_one(past: list[Found]) -> None:
    assert sorted(set(map(str, unknown(past, read_known())))) == []


def test_what_is_excused_is_or_was_there_and_has_a_reason(tree: list[Found], past: list[Found]) -> None:
    known = read_known()
    list(unknown([*tree, *past], known))
    assert [entry.files for entry in known if entry.met == 0 or len(entry.why) < 12] == []


@pytest.mark.parametrize("what", PLANTED)
def test_term_11_4_a_planted_secret_turns_the_check_red(what: str, repository: Path) -> None:
    rule, make = PLANTED[what]
    (repository / "harmless.txt").write_text("Nothing here.\n")
    (repository / "notes").mkdir()
    (repository / "notes" / "planted.md").write_text(f"one\ntwo\n{make()}\n")
    subprocess.run(["git", "add", "."], cwd=repository, check=True)
    found = list(unknown(scan_tree(repository), read_known()))
    assert {one.place for one in found} == {"notes/planted.md"}
    assert rule in {one.rule.rpartition(".")[2] for one in found}


def test_it_is_found_by_the_command_too_which_does_not_repeat_it(repository: Path) -> None:
    token = PLANTED["a GitHub token"][1]()
    (repository / "new.py").write_text(f"# not yet tracked, and not ignored\nx = {token!r}\n")
    done = subprocess.run(
        [sys.executable, "-m", "tests.secrets.scanning", repository],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stderr
    assert "new.py:2: betterleaks.github-pat" in done.stdout.splitlines()
    assert token not in done.stdout + done.stderr


def test_one_that_was_taken_away_again_is_found_in_the_past(repository: Path) -> None:
    (repository / "key.pem").write_text(PLANTED["a private key"][1]())
    (repository / "other.txt").write_text("Nothing here.\n")
    author = ["-c", "user.name=Nobody", "-c", "user.email=nobody@example.org"]
    for step in (["add", "."], ["commit", "-qm", "Add"], ["rm", "-q", "key.pem"], ["commit", "-qm", "Remove"]):
        subprocess.run(["git", *author, *step], cwd=repository, check=True)
    assert list(unknown(scan_tree(repository), read_known())) == []
    assert {one.place for one in unknown(scan_history(repository), read_known())} == {"key.pem"}


def test_an_excuse_covers_its_own_file_rule_and_line_only() -> None:
    value = drawn(64, string.hexdigits.lower()[:16])
    covered = f"    --hash=sha256:{value}"
    for place, text in (("src/vaka/x.py", covered), ("requirements/x.txt", f"key {value}")):
        assert [one.place for one in unknown(scan([(place, text.encode())]), read_known())] == [place]
    assert list(unknown(scan([("requirements/x.txt", covered.encode())]), read_known())) == []


def test_a_scan_of_nothing_fails(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(NothingScannedError):
        scan_tree(repository)
    with pytest.raises(subprocess.CalledProcessError):
        scan_tree(tmp_path_factory.mktemp("no-repository"))
    done = subprocess.run(
        [sys.executable, "-m", "tests.secrets.scanning", repository], cwd=ROOT, capture_output=True, check=False
    )
    assert done.returncode != 0


# --- What is released -------------------------------------------------------------------------------------------------


def members(archive: Path) -> Iterator[tuple[str, bytes]]:
    """Yield the files of a wheel or of a source archive, named as in the repository."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                yield f"src/{name}" if name.startswith("vaka/") else name, wheel.read(name)
        return
    with tarfile.open(archive) as source:
        for member in source.getmembers():
            file = source.extractfile(member)
            if file is not None:
                yield member.name.partition("/")[2], file.read()


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[tuple[str, bytes]]]:
    """What a release consists of, built from this tree: by its kind, the files in it."""
    target = tmp_path_factory.mktemp("released")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", target], cwd=ROOT, check=True, capture_output=True
    )
    return {archive.suffix: list(members(archive)) for archive in target.iterdir()}


def test_term_11_4_what_is_released_holds_no_secret(released: dict[str, list[tuple[str, bytes]]]) -> None:
    assert set(released) == {".whl", ".gz"}
    for files in released.values():
        assert "src/vaka/settings.py" in {name for name, _ in files}
        # The list of files in a wheel gives the hash of each.
        held = [(name, content) for name, content in files if not name.endswith(".dist-info/RECORD")]
        assert sorted(map(str, unknown(scan(held), read_known()))) == []


def test_one_planted_in_what_is_released_is_found(released: dict[str, list[tuple[str, bytes]]]) -> None:
    files = [*released[".whl"], ("src/vaka/web/static/key.pem", PLANTED["a private key"][1]().encode())]
    assert "src/vaka/web/static/key.pem" in {one.place for one in unknown(scan(files), read_known())}
