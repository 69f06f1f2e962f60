# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The messages of the benchmark, made before the clock starts: about 1,000 bytes each, 580 of them the body."""

import hashlib
from dataclasses import dataclass

FIRST_SENDER = 10_000_000
PASSWORD = "bench"
REALM = "vaka"

# What a device that says everything says; the long texts bring the body to the 580 bytes of a talkative one.
_BODY = (
    "<mrq><ref>%(ref)s</ref><ver>01.00</ver><mty>%(mty)s</mty><cid>%(cid)s</cid><dty>%(dty)s</dty>%(stc)s"
    "<did>0012</did><dco>002</dco><dte>Halsband, vit knapp</dte><lco>012</lco><lva>01</lva><lte>Sovrum, plan 2</lte>"
    "<cha>0</cha><crd>sip:%(cid)s@10.20.30.40:5060;transport=udp</crd><crd>tel:+46701740605</crd><sco>0</sco>"
    "<pri>0</pri><hbo>1</hbo><ame>0</ame><stt>batteri 87 procent, signal god</stt>"
    "<ite>Programvara 4.12.7, serienummer 7731-0042-9918, senast provad i vintras, mobilnat och reservkort i bruk, 21 g"
    "rader</ite><ico>000</ico><mreq>0</mreq></mrq>"
)
_HEAD = (
    "MESSAGE sip:alarm@127.0.0.1:%(port)d SIP/2.0\r\n"
    "Via: SIP/2.0/UDP 127.0.0.1:%(own_port)d;branch=z9hG4bK%(branch)s;rport\r\n"
    "Max-Forwards: 70\r\n"
    "From: <sip:%(cid)s@127.0.0.1>;tag=%(tag)s\r\n"
    "To: <sip:alarm@127.0.0.1>\r\n"
    "Call-ID: b%(number)08d@bench\r\n"
    "CSeq: 1 MESSAGE\r\n"
    "User-Agent: Trygghetstelefon 4.12\r\n"
    "Content-Type: application/scaip+xml\r\n"
    "Content-Length: %(length)d\r\n\r\n"
)
# What is said: (mty, dty, stc).
REPORTS = {
    "life": ("ME", "003", "0010"),
    "test": ("ME", "002", "102"),
    "technical": ("ME", "002", "0085"),
    "heartbeat": ("PI", "002", ""),
}


@dataclass(frozen=True, slots=True)
class Series:
    """Messages of one kind: number n comes from sender n modulo the senders, with a reference of its own."""

    report: str
    run: int
    """Tells the references of one measurement from those of any other."""
    first_sender: int
    senders: int
    port: int

    def reference(self, number: int) -> str:
        """Return the reference of a message: 16 digits."""
        return f"{self.run:08d}{number:08d}"

    def sender(self, number: int) -> str:
        """Return who sends it."""
        return str(self.first_sender + number % self.senders)

    def render(self, number: int, own_port: int) -> bytes:
        """Return the datagram."""
        mty, dty, stc = REPORTS[self.report]
        cid, ref = self.sender(number), self.reference(number)
        body = _BODY % {"ref": ref, "mty": mty, "cid": cid, "dty": dty, "stc": f"<stc>{stc}</stc>" if stc else ""}
        head = _HEAD % {
            "port": self.port, "own_port": own_port, "branch": ref, "cid": cid, "tag": f"{number:08x}",
            "number": number, "length": len(body),
        }  # fmt: skip
        return (head + body).encode()


def authorise(datagram: bytes, challenge: bytes, sender: str, ha1: str) -> bytes:
    """Return the same message with the digest that a 401 asks for (MD5, qop=auth)."""
    nonce = _between(challenge, b'nonce="', b'"')
    uri = _between(datagram, b"MESSAGE ", b" SIP/2.0")
    ha2 = hashlib.md5(b"MESSAGE:" + uri).hexdigest()
    answer = hashlib.md5(f"{ha1}:{nonce.decode()}:00000001:6b8b4567:auth:{ha2}".encode()).hexdigest()
    header = (
        f'Authorization: Digest username="{sender}", realm="{REALM}", nonce="{nonce.decode()}", uri="{uri.decode()}", '
        f'response="{answer}", algorithm=MD5, qop=auth, nc=00000001, cnonce="6b8b4567"\r\n'
    ).encode()
    head, mark, rest = datagram.partition(b"User-Agent:")
    head = head.replace(b"branch=z9hG4bK", b"branch=z9hG4bKa").replace(b"CSeq: 1 ", b"CSeq: 2 ")
    return head + header + mark + rest


def digest_ha1(sender: str) -> str:
    """Return what stands for the password of a digest device."""
    return hashlib.md5(f"{sender}:{REALM}:{PASSWORD}".encode()).hexdigest()


def _between(data: bytes, start: bytes, end: bytes) -> bytes:
    begin = data.index(start) + len(start)
    return data[begin : data.index(end, begin)]
