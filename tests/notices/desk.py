# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An authority that is told of things, its people, and other ends that take what is sent: real ones."""

import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.message import Message
from email.parser import BytesParser
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope

from tests.access.register import Register
from tests.confirming import set_way
from tests.platform import platform_as
from vaka.access.principal import Principal
from vaka.demo.certificates import CertificateAuthority
from vaka.notices.board import Notice, list_notices
from vaka.notices.outbox import Due, Rooms
from vaka.notices.places import Place, WayKind

HERE = [ip_network("127.0.0.0/8")]
PORTAL = "https://portal.example"
OFFICE = "https://office.example"
ROOMS = Rooms(PORTAL, OFFICE)
SENDER = "vaka@leverantor.example"


def due(way: WayKind, address: str, server: str | None = None, certificate: str | None = None) -> Due:
    """A notice on its way."""
    return Due(uuid4(), uuid4(), "holders", 17, "role.granted", f"account:{uuid4()}", datetime(2026, 3, 14, tzinfo=UTC),
               "ekbacka", way, address, server, certificate, 1)  # fmt: skip


async def notices_of(register: Register, account: UUID | None = None) -> list[Notice]:
    """What the register's authority was told, of one account, the newest first."""
    async with platform_as(register.server, "portal") as portal:
        found = await list_notices(portal, register.authority.id, 1000)
    return [one for one in found if account is None or one.object.endswith(str(account))]


async def tell_at(register: Register, who: Principal, way: WayKind, address: str, **how: str) -> UUID:
    """Set a way, as somebody of the authority does."""
    async with platform_as(register.server, "portal") as portal:
        return await set_way(portal, who, register.authority.id, Place(way, address, **how), now=register.now)


@dataclass
class Certificates:
    """An issuer, and a server's certificate and key for 'localhost'."""

    root: Path
    certificate: Path = field(init=False)
    key: Path = field(init=False)

    def __post_init__(self) -> None:
        issuer = CertificateAuthority(self.root)
        self.root.mkdir(exist_ok=True)
        issuer.create(datetime.now(UTC))
        self.certificate, self.key = self.root / "server.pem", self.root / "server.key"
        issuer.issue_for_server(self.certificate, self.key, ("localhost",), datetime.now(UTC))
        self.issuer = issuer.certificate_file.read_text()

    def context(self) -> ssl.SSLContext:
        """What a server shows."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.certificate, self.key)
        return context


@dataclass
class Mailbox:
    """What a mail server has taken, and what it says no to."""

    taken: list[Message] = field(default_factory=list)
    refused: Sequence[str] = ()

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Any, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Any, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        content = envelope.content
        self.taken.append(BytesParser(policy=default).parsebytes(content if isinstance(content, bytes) else b""))
        return "250 2.0.0 Ok: queued as 4XyZ"


@contextmanager
def mail_server(
    mailbox: Mailbox, certificates: Certificates | None, port: int = 0
) -> Iterator[int]:  # fmt: skip
    """Run a real mail server, with STARTTLS demanded if it has certificates; give its port."""
    tls: dict[str, Any] = {}
    if certificates is not None:
        tls = {"tls_context": certificates.context(), "require_starttls": True}
    controller = Controller(mailbox, hostname="127.0.0.1", port=port or free_port(), **tls)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()


@dataclass
class Posted:
    """What was posted to a web server, and what it answers."""

    status: int = 204
    body: bytes = b""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@contextmanager
def web_server(posted: Posted, certificates: Certificates) -> Iterator[int]:
    """Run a real HTTPS server; give its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            posted.requests.append((self.path, dict(self.headers.items()), body))
            self.send_response(posted.status)
            self.send_header("Location", "https://elsewhere.example/")
            self.send_header("Content-Length", str(len(posted.body)))
            self.end_headers()
            self.wfile.write(posted.body)

        def log_message(self, *_: object) -> None:
            """Nothing to the tests' output."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = certificates.context().wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    """Return a port that nobody listens on just now."""
    with closing(socket.socket()) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
