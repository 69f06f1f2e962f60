# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""TLS: new enough, with or without a device certificate, and no patience with half a handshake."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.receiver.conftest import Register, Rows, Running, Start, free_port
from tests.receiver.devices import HOST, TcpDevice, authorization, message, mrq
from vaka.crypto.certificates import found_issuer, issue
from vaka.errors import ConfigurationError
from vaka.operations.certificates.components import keep, list_components, tidy
from vaka.operations.certificates.issuers import keep_issuer
from vaka.operations.certificates.renewing import renew_all
from vaka.receiver.counters import Reason
from vaka.receiver.limits import Limits
from vaka.receiver.tls import open_tls_context
from vaka.tenants.authorities import Authority

pytestmark = [pytest.mark.anyio, pytest.mark.database]


class Issuer:
    """A certificate authority of the test's own."""

    def __init__(self, directory: Path, name: str) -> None:
        self._directory = directory
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self._key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), critical=True)
        self.file = self._write(f"{name}.pem", builder.sign(self._key, hashes.SHA256()))

    def issue(self, name: str, *, lasts: timedelta = timedelta(days=1)) -> tuple[Path, Path, str]:
        """Return a certificate's file, its key's, and its fingerprint."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key, lasts)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        uses = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        made = builder.add_extension(uses, critical=False).sign(self._key, hashes.SHA256())
        secret = self._directory / f"{name}.key"
        secret.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )
        return self._write(f"{name}.pem", made), secret, made.fingerprint(hashes.SHA256()).hex()

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta = timedelta(days=1)
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=2))
            .not_valid_after(now + lasts)
        )

    def _write(self, name: str, certificate: x509.Certificate) -> Path:
        path = self._directory / name
        path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        return path


@pytest.fixture(scope="module")
def issuer(tmp_path_factory: pytest.TempPathFactory) -> Issuer:
    """Issues the receiver's certificate, and those of devices."""
    return Issuer(tmp_path_factory.mktemp("issuer"), "vaka-test")


@pytest.fixture
def start_tls(start: Start, issuer: Issuer) -> Start:
    """As ``start``, with TLS."""
    certificate, key, _ = issuer.issue("receiver.example")

    async def begin(**settings: object) -> Running:
        return await start(
            tls_port=free_port(),
            **{"certificate": certificate, "certificate_key": key, "device_authorities": issuer.file} | settings,
        )

    return begin


@pytest.fixture
def context(issuer: Issuer) -> Callable[..., ssl.SSLContext]:
    """A function that returns a device's side: ``context(certificate, key, …)``."""

    def make(certificate: Path | None = None, key: Path | None = None, **versions: ssl.TLSVersion) -> ssl.SSLContext:
        made = ssl.create_default_context(cafile=str(issuer.file))
        for name, version in versions.items():
            setattr(made, name, version)
        if certificate is not None:
            made.load_cert_chain(certificate, key)
        return made

    return make


def alarm(sender: str, *headers: tuple[str, str]) -> bytes:
    """An alarm over TLS."""
    return message(sender, mrq(sender), transport="TLS", headers=headers)


async def test_a_certificate_device(
    start_tls: Start, issuer: Issuer, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority,
    rows: Rows,
) -> None:  # fmt: skip
    certificate, key, fingerprint = issuer.issue("device-1")
    sender = register.device(authority, authentication="certificate", certificate_sha256=fingerprint, network=None)
    running = await start_tls()
    device = await TcpDevice.connect(running.tls, context(certificate, key))
    assert (await device.ask(alarm(sender))).status == 200
    assert (await device.mrs()).snu == 0
    assert rows(authority, "select transport from message") == [("tls",)]
    await device.close()


@pytest.mark.parametrize("fields", [{}, {"mty": "PI"}], ids=["alarms", "heartbeats"])
async def test_more_than_is_read_at_once_is_all_answered(
    start_tls: Start, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority,
    fields: dict[str, str],
) -> None:  # fmt: skip
    """Of many messages in one piece the rest waits decrypted, or not yet; each has its turn."""
    senders = [register.device(authority) for _ in range(80)]
    running = await start_tls()
    device = await TcpDevice.connect(running.tls, context())
    await device.send(b"".join(message(sender, mrq(sender, **fields), transport="TLS") for sender in senders))
    assert [(await device.response()).status for _ in senders] == [200] * 80
    assert [(await device.mrs()).snu for _ in senders] == [0] * 80
    assert (await device.ask(alarm(senders[0]))).status == 200
    await device.close()


async def test_another_device_s_certificate_is_not_its_own(
    start_tls: Start, issuer: Issuer, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority
) -> None:
    _, _, fingerprint = issuer.issue("device-2")
    certificate, key, _ = issuer.issue("device-3")
    sender = register.device(authority, authentication="certificate", certificate_sha256=fingerprint, network=None)
    running = await start_tls()
    device = await TcpDevice.connect(running.tls, context(certificate, key))
    assert (await device.ask(alarm(sender))).status == 403
    assert running.refusals(Reason.CERTIFICATE_OTHER) == 1
    await device.close()


async def test_without_a_certificate_a_device_may_still_have_a_password(
    start_tls: Start, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority
) -> None:
    known = register.digest_device(authority)
    running = await start_tls()
    device = await TcpDevice.connect(running.tls, context())
    challenged = await device.ask(alarm(known.sender))
    assert challenged.status == 401
    assert (await device.ask(alarm(known.sender, authorization(challenged, known)))).status == 200
    await device.close()


@pytest.mark.parametrize("fault", ["stranger's", "expired"])
async def test_a_certificate_nobody_believes_ends_the_handshake(
    start_tls: Start, issuer: Issuer, context: Callable[..., ssl.SSLContext], tmp_path: Path, fault: str
) -> None:
    if fault == "expired":
        certificate, key, _ = issuer.issue("device-4", lasts=timedelta(days=-1))
    else:
        certificate, key, _ = Issuer(tmp_path, "stranger").issue("device-5")
    running = await start_tls()

    async def try_to_speak() -> None:
        device = await TcpDevice.connect(running.tls, context(certificate, key))
        await device.ask(alarm("1"))

    with pytest.raises((ssl.SSLError, ConnectionError, EOFError)):
        await try_to_speak()
    await running.until(lambda: running.refusals(Reason.CERTIFICATE_UNTRUSTED) == 1)
    await running.until(lambda: running.receiver.connections.count == 0)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_old_tls_is_refused(start_tls: Start, context: Callable[..., ssl.SSLContext]) -> None:
    running = await start_tls()
    old = context(minimum_version=ssl.TLSVersion.TLSv1, maximum_version=ssl.TLSVersion.TLSv1_1)
    old.set_ciphers("ALL:@SECLEVEL=0")  # so that it is the receiver who refuses
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await TcpDevice.connect(running.tls, old)
    await running.until(lambda: running.refusals(Reason.HANDSHAKE) == 1)
    newer = context(minimum_version=ssl.TLSVersion.TLSv1_2, maximum_version=ssl.TLSVersion.TLSv1_2)
    device = await TcpDevice.connect(running.tls, newer)
    assert (await device.ask(message("1", b"", method="OPTIONS", transport="TLS"))).status == 200
    await device.close()


async def test_half_a_handshake_is_dropped_while_others_are_served(
    start_tls: Start, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority
) -> None:
    sender = register.device(authority)
    running = await start_tls(limits=Limits(handshake_seconds=2.0))
    halves = [await asyncio.open_connection(HOST, running.tls) for _ in range(8)]
    for number, (_, writer) in enumerate(halves):
        writer.write(b"\x16\x03\x01\x02\x00\x01"[:number])
    device = await TcpDevice.connect(running.tls, context())
    assert (await device.ask(alarm(sender))).status == 200
    await running.until(lambda: running.refusals(Reason.HANDSHAKE) == 8)
    await running.until(lambda: running.receiver.connections.count == 1)
    assert (await device.ask(alarm(sender))).status == 200
    for _, writer in halves:
        writer.close()
    await device.close()


async def test_no_address_holds_more_handshakes_than_its_share(
    start_tls: Start, context: Callable[..., ssl.SSLContext]
) -> None:
    running = await start_tls(limits=Limits(handshakes_per_source=3, handshake_seconds=30))
    halves = [await asyncio.open_connection(HOST, running.tls) for _ in range(5)]
    await running.until(lambda: running.refusals(Reason.SOURCE_LIMIT) == 2)
    for _, writer in halves:
        writer.close()
    await running.until(lambda: running.receiver.connections.count == 0)
    device = await TcpDevice.connect(running.tls, context())
    assert (await device.ask(message("1", b"", method="OPTIONS", transport="TLS"))).status == 200
    await device.close()


async def test_strangers_have_few_places_over_tls_and_devices_take_none_of_them(
    start_tls: Start, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority
) -> None:
    senders = [register.device(authority) for _ in range(3)]
    running = await start_tls(limits=Limits(unproven_tls_per_source=2))
    devices = []
    for sender in senders:  # each has proved itself before the next comes
        devices.append(await TcpDevice.connect(running.tls, context()))
        assert (await devices[-1].ask(alarm(sender))).status == 200
    strangers = [await TcpDevice.connect(running.tls, context()) for _ in range(2)]
    with pytest.raises((OSError, ssl.SSLError)):
        await TcpDevice.connect(running.tls, context())
    assert running.refusals(Reason.SOURCE_LIMIT) == 1
    await strangers[0].close()
    await running.until(lambda: running.receiver.connections.count == 4)
    later = await TcpDevice.connect(running.tls, context())
    assert (await later.ask(alarm(senders[0]))).status == 200
    for device in (*devices, strangers[1], later):
        await device.close()
    await running.until(lambda: running.receiver.connections.count == 0)


async def test_half_a_handshake_gives_way_to_a_device(
    start_tls: Start, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority
) -> None:
    sender = register.device(authority)
    running = await start_tls(limits=Limits(handshakes=3, handshake_seconds=60, unproven_seconds=0.2))
    halves = [await asyncio.open_connection(HOST, running.tls) for _ in range(3)]
    await running.until(lambda: running.receiver.connections.count == 3)
    await asyncio.sleep(0.3)
    device = await TcpDevice.connect(running.tls, context())
    assert (await device.ask(alarm(sender))).status == 200
    assert running.refusals(Reason.MADE_ROOM) == 1
    assert await halves[0][0].read() == b""
    assert running.receiver.connections.count == 3
    for _, writer in halves:
        writer.close()
    await device.close()
    await running.until(lambda: running.receiver.connections.count == 0)


def test_faults_in_the_files_are_told(issuer: Issuer, tmp_path: Path) -> None:
    certificate, key, _ = issuer.issue("receiver-a")
    _, other_key, _ = issuer.issue("receiver-b")
    garbage = tmp_path / "garbage.pem"
    garbage.write_text("nothing")
    for arguments, told in (
        ((tmp_path / "none.pem", key, None), "receiver.certificate names"),
        ((certificate, tmp_path / "none.key", None), "receiver.certificate_key names"),
        ((certificate, other_key, None), "cannot be used together"),
        ((garbage, key, None), "cannot be used together"),
        ((certificate, key, tmp_path / "none.pem"), "receiver.device_authorities names"),
        ((certificate, key, garbage), "holds no certificates"),
    ):
        with pytest.raises(ConfigurationError, match=told):
            open_tls_context(*arguments)


def shown_by(device: TcpDevice) -> bytes:
    """The certificate that the receiver showed when this connection was opened."""
    found: bytes = device.writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    return found


async def test_a_certificate_of_our_own_issuer_is_renewed_and_no_call_is_dropped(
    start_tls: Start, register: Register, authority: Authority, tmp_path: Path
) -> None:
    """As `vaka certificates renew` does it: a connection is open all the while, and sends before and after."""
    sender, now = register.device(authority), datetime.now(UTC)
    made = found_issuer("internal", ["example"], [], now)
    (tmp_path / "credentials").mkdir()
    keep_issuer(tmp_path, "internal", made)
    keep(tmp_path, "receiver", issue(made, ["receiver.example"], "server", now - timedelta(days=61)))
    running = await start_tls(
        certificate=tmp_path / "tls" / "receiver.pem", certificate_key=tmp_path / "tls" / "receiver.key"
    )
    rotation = running.receiver.rotation
    assert rotation is not None
    trusting = ssl.create_default_context(cafile=str(tmp_path / "tls" / "internal-ca.pem"))
    held = await TcpDevice.connect(running.tls, trusting)
    assert (await held.ask(alarm(sender))).status == 200
    assert renew_all(tmp_path, "setup:uid-1", now).renewed == ["receiver"]
    await rotation.follow()
    tidy(tmp_path, "receiver")
    assert (await held.ask(alarm(sender))).status == 200
    later = await TcpDevice.connect(running.tls, trusting)
    assert (await later.ask(alarm(sender))).status == 200
    old, new = (x509.load_der_x509_certificate(shown_by(one)) for one in (held, later))
    assert (old.serial_number, old.public_key()) != (new.serial_number, new.public_key())
    assert new.serial_number == list_components(tmp_path)[0][0].certificate.serial_number
    assert old.not_valid_after_utc < new.not_valid_after_utc
    await held.close()
    await later.close()


async def test_a_new_certificate_is_shown_and_open_connections_stay(
    start_tls: Start, issuer: Issuer, context: Callable[..., ssl.SSLContext], register: Register, authority: Authority,
    tmp_path: Path,
) -> None:  # fmt: skip
    """Put in place file by file: between the two nothing changes, and no connection notices."""
    sender, place = register.device(authority), (tmp_path / "own.pem", tmp_path / "own.key")
    first, first_key, _ = issuer.issue("receiver.example")
    place[0].write_bytes(first.read_bytes())
    place[1].write_bytes(first_key.read_bytes())
    running = await start_tls(certificate=place[0], certificate_key=place[1])
    rotation = running.receiver.rotation
    assert rotation is not None
    early = await TcpDevice.connect(running.tls, context())
    before = shown_by(early)
    certificate, key, _ = issuer.issue("receiver.example")
    place[0].write_bytes(certificate.read_bytes())
    await rotation.follow()
    between = await TcpDevice.connect(running.tls, context())
    assert shown_by(between) == before
    place[1].write_bytes(key.read_bytes())
    await rotation.follow()
    late = await TcpDevice.connect(running.tls, context())
    assert shown_by(late) == ssl.PEM_cert_to_DER_cert(certificate.read_text()) != before
    for device in (early, between, late):
        assert (await device.ask(alarm(sender))).status == 200
        assert (await device.mrs()).snu == 0
        await device.close()
    place[0].unlink()
    await rotation.follow()
    again = await TcpDevice.connect(running.tls, context())
    assert shown_by(again) != before
    await again.close()


@pytest.mark.parametrize("fault", ["expired", "stranger's", "another's"])
async def test_term_30_3_receiver_that_is_not_who_it_says_is_not_spoken_to(
    start_tls: Start, issuer: Issuer, context: Callable[..., ssl.SSLContext], tmp_path: Path, fault: str
) -> None:
    """A device that knows its issuer hangs up before it says a word. Devices' own are refused above."""
    if fault == "expired":
        certificate, key, _ = issuer.issue("receiver.example", lasts=timedelta(days=-1))
    elif fault == "another's":
        certificate, key, _ = issuer.issue("another.example")
    else:
        certificate, key, _ = Issuer(tmp_path, "stranger").issue("receiver.example")
    running = await start_tls(certificate=certificate, certificate_key=key)
    with pytest.raises(ssl.SSLCertVerificationError):
        await TcpDevice.connect(running.tls, context())
    await running.until(lambda: running.receiver.connections.count == 0)


async def test_term_30_2_receiver_of_tls_alone_takes_nothing_in_clear(
    start_tls: Start, register: Register, authority: Authority, rows: Rows
) -> None:
    """Over TCP to the port of TLS, and over UDP and TCP to the ports that are closed."""
    sender = register.device(authority)
    running = await start_tls(udp_port=None, tcp_port=None)
    plain = await TcpDevice.connect(running.tls)
    with pytest.raises((ConnectionError, EOFError)):
        await plain.ask(alarm(sender))
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as datagrams:
        datagrams.connect((HOST, running.tls))
        datagrams.settimeout(5)
        datagrams.send(alarm(sender))
        with pytest.raises(ConnectionRefusedError):
            datagrams.recv(1)
    assert rows(authority, "select transport from message") == []
