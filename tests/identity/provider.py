# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""An OpenID provider of the tests' own, which signs what it is told: for everything a real one would never say."""

import json
import threading
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs

from joserfc import jws
from joserfc.jwk import Key

from tests.identity.house import LOA3, key
from vaka.clock import SystemClock

CLIENT = "vaka-prov"
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Provider:
    """What it says next, and what it was asked."""

    origin: str = ""
    answer: Callable[[dict[str, str]], Answer] = lambda _form: (500, {}, b"")
    asked: list[dict[str, str]] = field(default_factory=list)

    def says(self, id_token: str, **besides: Any) -> None:
        """Answer every code with this ID token."""
        tokens = {"access_token": "opaque", "token_type": "Bearer", "id_token": id_token, **besides}
        self.answer = lambda _form: (200, {"content-type": "application/json"}, json.dumps(tokens).encode())

    def claims(self, drawn: str, /, **changes: Any) -> dict[str, Any]:
        """What a token has to say to be believed, with changes; None leaves a claim out."""
        now = int(SystemClock().now().timestamp())
        said = {
            "iss": self.origin, "aud": CLIENT, "sub": "prov-1", "nonce": drawn, "acr": LOA3, "auth_time": now,
            "iat": now, "exp": now + 300, "employee_number": "E-17", "organisation": "SE-prov-1", **changes,
        }  # fmt: skip
        return {name: value for name, value in said.items() if value is not None}


def sign(claims: dict[str, Any], by: Key | None = None, header: dict[str, Any] | None = None) -> str:
    """Sign claims, with the key that is pinned unless told otherwise."""
    head = header or {"alg": "ES256", "kid": "idp"}
    return jws.serialize_compact(head, json.dumps(claims).encode(), by or key(), algorithms=[head["alg"]])


def unsigned(claims: dict[str, Any], header: dict[str, Any], signature: bytes = b"") -> str:
    """Write a token without any key."""
    parts = (json.dumps(header).encode(), json.dumps(claims).encode(), signature)
    return ".".join(urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


@contextmanager
def running_provider() -> Iterator[Provider]:
    """Run it on this machine."""
    provider = Provider()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            provider.asked.append(form)
            status, headers, answer = provider.answer(form)
            self.send_response(status)
            for name, value in {"content-length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *_arguments: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        provider.origin = f"http://127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield provider
        finally:
            server.shutdown()
            thread.join()
