# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One well-formed MESSAGE, and a way to change one thing in it."""

from vaka.sip.message import Request
from vaka.sip.parse import parse

BODY = (
    b"<mrq><ref>00001883</ref><cha>0</cha><mty>ME</mty><cid>26317</cid><dty>02</dty><did>00</did>"
    b"<crd>gsm:+46701740605</crd><stc>010</stc></mrq>"
)
HEADERS: dict[str, str | None] = {
    "Via": "SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bK-5f3c;rport",
    "Max-Forwards": "70",
    "From": "<sip:26317@192.0.2.1>;tag=8c1d",
    "To": "<sip:larm@192.0.2.1>",
    "Call-ID": "7d0e1a@192.168.1.20",
    "CSeq": "1 MESSAGE",
    "Content-Type": "application/scaip+xml",
    "Content-Length": str(len(BODY)),
}


def message(
    changed: dict[str, str | None] | None = None,
    *,
    start: str = "MESSAGE sip:larm@192.0.2.1:5060 SIP/2.0",
    body: bytes = BODY,
    line_end: str = "\r\n",
    more: tuple[str, ...] = (),
) -> bytes:
    """The sample with some headers changed (None: left out) and further lines after them."""
    headers = HEADERS | {"Content-Length": str(len(body))} | (changed or {})
    lines = [start, *(f"{name}: {value}" for name, value in headers.items() if value is not None), *more]
    return (line_end.join(lines) + 2 * line_end).encode() + body


def request(data: bytes) -> Request:
    """Parse what must be a request."""
    found = parse(data)
    assert isinstance(found, Request)
    return found
