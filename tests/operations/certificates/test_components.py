# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Certificate and key are of one issue whatever happens; what is renewed was issued by an issuer of ours."""

import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID

from vaka.crypto.certificates import Issued, belongs, found_issuer, issue
from vaka.errors import ConfigurationError
from vaka.operations.certificates.components import keep, list_components, require_place, tidy
from vaka.operations.certificates.issuers import (
    keep_issuer,
    key_file,
    open_issuer,
    require_hosts,
    require_name,
    require_names,
    require_networks,
    require_none_yet,
)
from vaka.operations.certificates.renewing import read_issuers, renew_all

NOW = datetime(2026, 3, 14, 2, 0, tzinfo=UTC)
DUE = NOW + timedelta(days=61)
WHO = "setup:uid-1"


class PowerCutError(BaseException):
    """Nothing that comes after it is done."""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A data directory with an issuer."""
    (tmp_path / "credentials").mkdir(mode=0o700)
    keep_issuer(tmp_path, "internal", found_issuer("internal", ["vaka.internal"], [], NOW))
    return tmp_path


def made(root: Path, host: str = "db1.vaka.internal", at: datetime = NOW) -> Issued:
    return issue(open_issuer(root, "internal"), [host], "server", at)


def serial(root: Path, name: str = "database") -> int:
    """Of the certificate that is shown; its key has to be its own."""
    shown = x509.load_pem_x509_certificate((root / "tls" / f"{name}.pem").read_bytes())
    assert belongs(shown, (root / "tls" / f"{name}.key").read_bytes())
    return shown.serial_number


def test_a_key_is_its_owners_alone_and_the_one_before_goes_with_the_next_run(root: Path) -> None:
    first, second = made(root), made(root)
    keep(root, "database", first)
    before = (root / "tls" / "database.key").resolve()
    keep(root, "database", second)
    assert serial(root) == second.certificate.serial_number
    assert before.read_bytes() == first.key
    assert renew_all(root, WHO, NOW).renewed == []
    assert not before.parent.exists()
    assert serial(root) == second.certificate.serial_number
    for path in (key_file(root, "internal"), (root / "tls" / "database.key").resolve()):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_power_cut_at_any_moment_leaves_certificate_and_key_of_one_issue(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At each change of the file system; afterwards it is renewed as ever, and nothing of the half one is left."""
    keep(root, "database", made(root))
    before, moments, steps = serial(root), 0, ("replace", "mkdir", "symlink_to", "unlink")
    real = {step: getattr(Path, step) for step in steps}
    while True:
        left = moments

        def cut(path: Path, *arguments: object, step: str, **options: object) -> object:
            nonlocal left
            if left == 0:
                raise PowerCutError
            left -= 1
            return real[step](path, *arguments, **options)

        with monkeypatch.context() as patched:
            for step in steps:
                patched.setattr(
                    Path, step, lambda path, *arguments, _step=step, **options: cut(
                        path, *arguments, step=_step, **options
                    )
                )  # fmt: skip
            try:
                renew_all(root, WHO, DUE)
            except PowerCutError:
                pass
            else:
                break
        moments += 1
        serial(root)
    assert moments > 8
    assert serial(root) != before
    tidy(root, "database")
    assert len(list((root / "tls" / "issued" / "database").iterdir())) == 2


def test_only_what_an_issuer_of_ours_signed_is_renewed(root: Path) -> None:
    """Whatever somebody puts there: it is said that it is not renewed, and the others are."""
    keep(root, "database", made(root))
    stranger = found_issuer("internal", ["vaka.internal"], [], NOW)
    keep(root, "planted", issue(stranger, ["office.vaka.internal"], "server", NOW))
    planted = serial(root, "planted")
    done = renew_all(root, WHO, DUE)
    assert (done.renewed, len(done.failed)) == (["database"], 1)
    assert done.failed[0].startswith("planted: The issuer")
    assert serial(root, "planted") == planted
    # As it was issued: for the same host and use, and not before it is due.
    [one] = [one for one in list_components(root)[0] if one.name == "database"]
    assert one.ends - DUE == timedelta(days=90)
    assert renew_all(root, WHO, DUE).renewed == []


def test_a_disk_that_is_full_leaves_what_was_shown(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep(root, "database", made(root))
    before = serial(root)
    with monkeypatch.context() as patched:
        patched.setattr(Path, "mkdir", lambda *_, **__: (_ for _ in ()).throw(OSError(28, "No space left on device")))
        assert renew_all(root, WHO, DUE).failed == ["database: it cannot be written: No space left on device."]
    assert serial(root) == before
    assert renew_all(root, WHO, DUE).renewed == ["database"]


@pytest.mark.parametrize("linked", [".", "tls", "tls/issued"])
def test_by_way_of_a_link_what_is_shown_stays(root: Path, tmp_path: Path, linked: str) -> None:
    """As where the data lies on a disk of its own."""
    keep(root, "database", made(root))
    elsewhere = tmp_path.with_name(f"{tmp_path.name}-elsewhere")
    (root / linked).rename(elsewhere)
    (root / linked).symlink_to(elsewhere) if linked != "." else root.symlink_to(elsewhere)
    before = serial(root)
    assert renew_all(root, WHO, NOW).failed == []
    assert serial(root) == before
    assert renew_all(root, WHO, DUE).renewed == ["database"]
    assert renew_all(root, WHO, DUE).failed == []
    assert serial(root) != before
    assert len(list((root / "tls" / "issued" / "database").iterdir())) == 2


def test_where_it_is_not_seen_what_is_shown_nothing_is_removed_and_it_is_said(root: Path) -> None:
    home = root / "tls" / "issued" / "database"
    keep(root, "database", made(root))
    for target in ("gone", None):
        (home / "current").unlink()
        if target is not None:
            (home / "current").symlink_to(target)
        tidy(root, "database")
        assert [one.name for one in home.iterdir() if one.is_dir()]
        assert renew_all(root, WHO, DUE).failed == ["database: No such file or directory."]
    # A first issue that a power cut ended: nothing was ever shown.
    (root / "tls" / "database.pem").unlink()
    assert renew_all(root, WHO, DUE).failed == []


def test_one_that_is_broken_keeps_no_other_from_being_renewed(root: Path) -> None:
    signer = open_issuer(root, "internal")
    for name in ("a-text", "b-issuer", "c-serves", "database"):
        keep(root, name, made(root))
    shown = {name: root / "tls" / f"{name}.pem" for name in ("a-text", "b-issuer", "c-serves")}
    shown["a-text"].write_text("nothing")
    shown["b-issuer"].write_bytes(signer.pem)
    # For something else than what we issue for.
    odd = x509.CertificateBuilder(
        signer.certificate.subject, signer.certificate.subject, signer.certificate.public_key(), 1, NOW, DUE
    )
    for extension in (
        x509.SubjectAlternativeName([x509.DNSName("db1.vaka.internal")]),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]),
    ):
        odd = odd.add_extension(extension, critical=False)
    key = load_pem_private_key(signer.key, None)
    assert isinstance(key, EllipticCurvePrivateKey)
    shown["c-serves"].write_bytes(odd.sign(key, SHA256()).public_bytes(Encoding.PEM))
    (root / "credentials" / "z-ca.key").write_text("nothing")
    (root / "tls" / "z-ca.pem").write_text("nothing")
    done = renew_all(root, WHO, DUE)
    assert done.renewed == ["database"]
    assert [one.split(":")[0] for one in done.failed] == ["issuer z", "a-text", "b-issuer", "c-serves"]


def test_an_issuer_that_has_ended_issues_nothing(root: Path) -> None:
    """What it signed would end before it begins."""
    ends = open_issuer(root, "internal").certificate.not_valid_after_utc
    keep(root, "database", made(root, at=ends - timedelta(days=1)))
    before = serial(root)
    assert renew_all(root, WHO, ends - timedelta(seconds=1)).failed == []
    with pytest.raises(ConfigurationError, match="The issuer ended at"):
        made(root, at=ends)
    done = renew_all(root, WHO, ends)
    assert (done.renewed, len(done.failed)) == ([], 1)
    assert done.failed[0].startswith("database: The issuer ended at")
    assert serial(root) == before


@pytest.mark.parametrize("kind", ["pem", "key"])
def test_a_link_to_somebody_elses_files_is_left_alone(root: Path, tmp_path: Path, kind: str) -> None:
    theirs = tmp_path / "live.pem"
    link = root / "tls" / f"receiver.{kind}"
    link.symlink_to(theirs)
    for _ in ("dangling", "there"):
        with pytest.raises(ConfigurationError, match="not of our making"):
            require_place(root, "receiver")
        theirs.write_text("somebody's")
    link.unlink()
    keep(root, "receiver", made(root))
    require_place(root, "receiver")
    # Nor is one that came later: it is said that it was not renewed.
    link.unlink()
    link.symlink_to(theirs)
    assert "not of our making" in renew_all(root, WHO, DUE).failed[0]
    assert (link.readlink(), theirs.read_text()) == (theirs, "somebody's")


def test_files_that_somebody_brought_are_left_alone(root: Path) -> None:
    (root / "tls" / "receiver.pem").write_text("somebody's")
    with pytest.raises(ConfigurationError, match="not of our making"):
        require_place(root, "receiver")
    require_place(root, "database")


def test_an_issuer_is_never_replaced_and_its_key_is_its_own(root: Path) -> None:
    with pytest.raises(ConfigurationError, match="there already"):
        require_none_yet(root, "internal")
    key_file(root, "internal").write_bytes(found_issuer("other", ["vaka.internal"], [], NOW).key)
    with pytest.raises(ConfigurationError, match="is not the key of"):
        open_issuer(root, "internal")
    with pytest.raises(ConfigurationError, match="cannot be read on this machine"):
        open_issuer(root, "nothing")
    shutil.copy(root / "tls" / "internal-ca.pem", key_file(root, "internal"))
    with pytest.raises(ConfigurationError, match="are not a certificate and its key"):
        open_issuer(root, "internal")
    (root / "tls" / "internal-ca.pem").write_text("nothing")
    with pytest.raises(ConfigurationError, match="cannot be read"):
        read_issuers(root)


@pytest.mark.parametrize("name", ["se", "", "*.vaka.internal", "Vaka.Internal", "vaka_internal", "10.20.0.5", "a..b"])
def test_an_issuer_is_bound_to_names_of_ones_own(name: str) -> None:
    with pytest.raises(ConfigurationError, match="no name that an issuer can be bound to"):
        require_names([name])


@pytest.mark.parametrize("network", ["0.0.0.0/0", "::/0", "198.51.100.0/23", "10.0.0.0/7", "10.20.0.5/24", "internal"])
def test_and_to_private_networks(network: str) -> None:
    with pytest.raises(ConfigurationError, match="no private network"):
        require_networks([network])


def test_what_is_ones_own_is_taken(root: Path) -> None:
    assert require_names(["internal", "vaka.example.se"]) == ["internal", "vaka.example.se"]
    assert [str(one) for one in require_networks(["10.20.0.0/24", "fd00::/8"])] == ["10.20.0.0/24", "fd00::/8"]
    certificate = open_issuer(root, "internal").certificate
    assert require_hosts(certificate, ["db1.vaka.internal"]) == ["db1.vaka.internal"]
    for host in ("larm.example.se", "*.vaka.internal", "10.20.0.5", f"{'a' * 60}.vaka.internal", ""):
        with pytest.raises(ConfigurationError, match="nobody would believe"):
            require_hosts(certificate, [host])
    for name in ("", "../x", "database-ca", "Db", "a" * 41):
        with pytest.raises(ConfigurationError, match="A name has"):
            require_name(name)
    with pytest.raises(ConfigurationError, match="No more than 20"):
        require_names(["internal"] * 21)
