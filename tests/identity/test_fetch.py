# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Asking an issuer is bounded: in time and size, over TLS that is verified, and to the one address that was said."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from vaka.clock import SystemClock
from vaka.identity import fetch
from vaka.identity.fetch import LARGEST_BODY, UnreachableError, UnusableAnswerError, post_form

pytestmark = pytest.mark.anyio

Say = Callable[[asyncio.StreamWriter], Awaitable[None]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\n"


@asynccontextmanager
async def answering(*parts: bytes, tls: ssl.SSLContext | None = None, for_ever: bool = False) -> AsyncIterator[str]:
    """Answer everybody with these bytes; `for_ever` with the last of them again and again."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            for part in parts:
                writer.write(part)
            while for_ever:
                writer.write(parts[-1])
                await writer.drain()
                await asyncio.sleep(0)
            await writer.drain()
            if parts:
                writer.close()
            else:
                await reader.read()
        except (OSError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    port = server.sockets[0].getsockname()[1]
    try:
        yield f"{'https' if tls else 'http'}://127.0.0.1:{port}/token?x=1"
    finally:
        server.close()


async def ask(address: str, tls: ssl.SSLContext | None = None, *, plain: bool = True) -> fetch.Fetched:
    return await post_form(address, b"grant_type=x", tls=tls or ssl.create_default_context(), plain=plain)


async def test_an_answer_is_read_whole() -> None:
    async with answering(OK + b"Content-Length: 2\r\n\r\n{", b"}") as address:
        got = await ask(address)
    assert (got.status, got.media_type, got.body) == (200, "application/json", b"{}")


async def test_a_redirect_is_an_answer_and_nothing_more() -> None:
    moved = b"HTTP/1.1 307 Elsewhere\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n"
    async with answering(moved) as address:
        assert (await ask(address)).status == 307


@pytest.mark.parametrize(
    "parts",
    [(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1000\r\n" + bytes(4096) + b"\r\n"),
     (b"HTTP/1.1 200 OK\r\n", b"X-Filler: " + b"x" * 500 + b"\r\n")],
    ids=["body", "head"],
)  # fmt: skip
async def test_what_never_ends_is_cut_off(parts: tuple[bytes, ...]) -> None:
    async with answering(*parts, for_ever=True) as address:
        with pytest.raises(UnusableAnswerError):
            await ask(address)


@pytest.mark.parametrize(
    "said", [b"SSH-2.0-OpenSSH\r\n\r\n", OK + b"Content-Length: %d\r\n\r\n" % (LARGEST_BODY * 2) + b"x"]
)
async def test_what_is_no_answer_is_refused(said: bytes) -> None:
    async with answering(said) as address:
        with pytest.raises(UnusableAnswerError):
            await ask(address)


async def test_who_says_nothing_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "SECONDS", 0.1)
    async with answering() as address:
        with pytest.raises(UnreachableError):
            await ask(address)


async def test_without_tls_only_where_that_is_allowed() -> None:
    async with answering(OK + b"Content-Length: 0\r\n\r\n") as address:
        with pytest.raises(UnreachableError):
            await ask(address, plain=False)
        assert (await ask(address)).status == 200
    for address in ("ftp://127.0.0.1/", "file:///etc/hostname", "http:///token"):
        with pytest.raises(UnreachableError):
            await ask(address)


async def test_a_certificate_is_verified(tmp_path: Path) -> None:
    right, served = certified(tmp_path, "right", "127.0.0.1")
    async with answering(OK + b"Content-Length: 0\r\n\r\n", tls=served) as address:
        assert (await ask(address, right, plain=False)).status == 200
        with pytest.raises(UnreachableError):
            await ask(address, plain=False)
    wrong, served = certified(tmp_path, "wrong", "127.0.0.2")
    async with answering(OK + b"Content-Length: 0\r\n\r\n", tls=served) as address:
        with pytest.raises(UnreachableError):
            await ask(address, wrong, plain=False)


def certified(directory: Path, name: str, address: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """A certificate for an address: who believes it, and who shows it."""
    key, subject = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = SystemClock().now()
    certificate = (
        x509.CertificateBuilder(subject, subject, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    shown, secret = directory / f"{name}.pem", directory / f"{name}.key"
    shown.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    secret.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    believes, shows = ssl.create_default_context(cafile=str(shown)), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shows.load_cert_chain(shown, secret)
    return believes, shows
