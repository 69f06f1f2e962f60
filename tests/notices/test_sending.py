# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What leaves: a mail to a real mail server, a signed post to a real web server; and what keeps them back."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from http_message_signatures import (
    HTTPMessageSignaturesException,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    algorithms,
)

from tests.notices.desk import (
    HERE,
    OFFICE,
    PORTAL,
    ROOMS,
    SENDER,
    Certificates,
    Mailbox,
    Posted,
    due,
    mail_server,
    web_server,
)
from vaka.clock import SystemClock
from vaka.crypto.signing import public_pem
from vaka.keys.signing_key import key_id
from vaka.notices.mail import Mail, write_mail
from vaka.notices.outbox import Fault, SendingError
from vaka.notices.webhook import Webhook, sign_request

pytestmark = pytest.mark.anyio

SEED = bytes(range(32))
TO = "sakerhet@kommunen.example"
DOCUMENTED = Path(__file__).resolve().parents[2] / "docs" / "notices.md"


@pytest.fixture(scope="module")
def ours(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def others(tmp_path_factory: pytest.TempPathFactory) -> Certificates:
    return Certificates(tmp_path_factory.mktemp("others"))


@pytest.fixture
def webhook() -> Webhook:
    return Webhook(SEED, key_id(SEED), ROOMS, HERE, SystemClock())


async def fault_of(sending: object) -> Fault:
    with pytest.raises(SendingError) as refused:
        await sending  # type: ignore[misc]
    return refused.value.fault


async def test_a_mail_is_taken_over_verified_tls_and_names_nobody(ours: Certificates) -> None:
    mailbox = Mailbox()
    with mail_server(mailbox, ours) as port:
        notice = due("mail", TO, f"localhost:{port}", ours.issuer)
        receipt = await Mail(SENDER, ROOMS, HERE).send(notice)
    [mail] = mailbox.taken
    assert (receipt[:4], len(receipt)) == ("250 ", 68)
    assert (mail["To"], mail["From"], mail["Message-ID"]) == (
        TO, SENDER, f"<{notice.notice_id}@leverantor.example>",
    )  # fmt: skip
    assert mail["Subject"] == "Administratörsrättigheter har ändrats / Administrator rights have changed"
    text = mail.get_content()  # type: ignore[attr-defined]
    assert f"{PORTAL}/log/ekbacka/holders" in text
    assert notice.object.partition(":")[2] not in str(mail), "not even a pseudonym"


async def test_a_reminder_says_what_and_leads_to_the_room_of_whoever_it_is_for(
    ours: Certificates, webhook: Webhook
) -> None:
    """For the supplier to its office, for an authority to its portal; by mail in words, by post in facts."""
    said = {"sv": "Ska gås igenom.\nSenast 2026-04-01.", "en": "To be gone through.\nBy 2026-04-01.", "page": "/due",
            "office": True, "facts": {"due": "2026-04-01", "kind": "register_entry"}}  # fmt: skip
    mailbox, posted = Mailbox(), Posted()
    with mail_server(mailbox, ours) as port:
        notice = replace(due("mail", TO, f"localhost:{port}", ours.issuer), kind="reminder", said=said)
        await Mail(SENDER, ROOMS, HERE).send(notice)
    text = mailbox.taken[0].get_content()  # type: ignore[attr-defined]
    assert "Det här ska göras:\nSka gås igenom.\nSenast 2026-04-01." in text
    assert "This is to be done:\nTo be gone through.\nBy 2026-04-01." in text
    assert f"{OFFICE}/due" in text
    with web_server(posted, ours) as port:
        notice = due("webhook", f"https://localhost:{port}/vaka", certificate=ours.issuer)
        await webhook.send(replace(notice, kind="reminder", said={**said, "office": False, "page": "access"}))
    body = json.loads(posted.requests[0][2])
    assert (body["facts"], body["link"]) == (said["facts"], f"{PORTAL}/log/ekbacka/access")
    assert "sv" not in body


async def test_a_mail_goes_to_nobody_but_the_agreed_server(ours: Certificates, others: Certificates) -> None:
    mailbox, mail = Mailbox(refused=("fel@kommunen.example",)), Mail(SENDER, ROOMS, HERE)
    with mail_server(mailbox, ours) as port:
        here = f"localhost:{port}"
        assert await fault_of(mail.send(due("mail", TO, here, others.issuer))) is Fault.CERTIFICATE
        assert await fault_of(mail.send(due("mail", TO, here))) is Fault.CERTIFICATE, "not publicly trusted"
        by_number = due("mail", TO, f"127.0.0.1:{port}", ours.issuer)
        assert await fault_of(mail.send(by_number)) is Fault.CERTIFICATE, "another name"
        assert await fault_of(mail.send(due("mail", "fel@kommunen.example", here, ours.issuer))) is Fault.REFUSED
        assert await fault_of(Mail(SENDER, ROOMS, ()).send(due("mail", TO, here, ours.issuer))) is Fault.NETWORK
    assert await fault_of(mail.send(due("mail", TO, here, ours.issuer))) is Fault.UNREACHABLE
    with mail_server(mailbox, None) as port:
        assert await fault_of(mail.send(due("mail", TO, f"localhost:{port}", ours.issuer))) is Fault.UNENCRYPTED
    assert mailbox.taken == []


async def test_a_servers_own_certificate_can_be_agreed(ours: Certificates) -> None:
    mailbox, own = Mailbox(), ours.certificate.read_text()
    with mail_server(mailbox, ours) as port:
        await Mail(SENDER, ROOMS, HERE).send(due("mail", TO, f"localhost:{port}", own))
    assert len(mailbox.taken) == 1


def test_a_mail_header_cannot_be_smuggled() -> None:
    with pytest.raises(ValueError, match="may not contain linefeed"):
        write_mail(due("mail", "x@y.example\r\nBcc: z@y.example", "localhost:25"), SENDER, ROOMS)


async def test_a_post_is_signed_as_others_verify_it(ours: Certificates, webhook: Webhook) -> None:
    posted = Posted(status=202, body=b'{"ok": true}')
    with web_server(posted, ours) as port:
        notice = due("webhook", f"https://localhost:{port}/vaka?x=1", certificate=ours.issuer)
        receipt = await webhook.send(notice)
    [(path, headers, body)] = posted.requests
    assert (path, receipt[:4], len(receipt)) == ("/vaka?x=1", "202 ", 68)
    said = json.loads(body)
    assert said == {
        "id": str(notice.notice_id), "kind": "holders", "authority": "ekbacka", "event": "role.granted",
        "object": notice.object, "entry": 17, "happened_at": "2026-03-14T00:00:00.000000+00:00",
        "link": f"{PORTAL}/log/ekbacka/holders",
    }  # fmt: skip
    judge(notice.address, headers, body)
    with pytest.raises(HTTPMessageSignaturesException):
        judge(notice.address, headers, body.replace(b"granted", b"revoked"))
    with pytest.raises(HTTPMessageSignaturesException):
        judge(notice.address.replace("x=1", "x=2"), headers, body)


async def test_the_verifier_in_the_documentation_verifies(ours: Certificates, webhook: Webhook) -> None:
    posted = Posted()
    with web_server(posted, ours) as port:
        notice = due("webhook", f"https://localhost:{port}/vaka", certificate=ours.issuer)
        await webhook.send(notice)
    [(_, headers, body)] = posted.requests
    code = DOCUMENTED.read_text("utf-8").partition("```python\n")[2].partition("```")[0]
    assert len(code.splitlines()) <= 20
    scope: dict[str, object] = {}
    exec(code, scope)
    verify = scope["verify"]
    pem, now = public_pem(SEED), SystemClock().now().timestamp()
    assert verify(notice.address, headers, body, pem, now) is None  # type: ignore[operator]
    for wrong in ((notice.address + "x", headers, body, pem, now), (notice.address, headers, body + b" ", pem, now),
                  (notice.address, headers, body, public_pem(bytes(32)), now),
                  (notice.address, headers, body, pem, now + 3600)):  # fmt: skip
        with pytest.raises((ValueError, InvalidSignature)):
            verify(*wrong)  # type: ignore[operator]


async def test_a_post_goes_to_nobody_but_the_agreed_server(
    ours: Certificates, others: Certificates, webhook: Webhook
) -> None:
    posted = Posted()
    with web_server(posted, ours) as port:
        at = f"https://localhost:{port}/"
        assert await fault_of(webhook.send(due("webhook", at, certificate=others.issuer))) is Fault.CERTIFICATE
        assert await fault_of(webhook.send(due("webhook", at))) is Fault.CERTIFICATE
        plain = due("webhook", f"http://localhost:{port}/", certificate=ours.issuer)
        assert await fault_of(webhook.send(plain)) is Fault.UNENCRYPTED
        shut = Webhook(SEED, "k", ROOMS, (), SystemClock())
        assert await fault_of(shut.send(due("webhook", at, certificate=ours.issuer))) is Fault.NETWORK
        assert posted.requests == []
        for status in (302, 400, 503):
            posted.status = status
            assert await fault_of(webhook.send(due("webhook", at, certificate=ours.issuer))) is Fault.REFUSED
        assert len(posted.requests) == 3, "no redirect is followed"
        posted.status, posted.body = 200, bytes(100_000)
        assert await fault_of(webhook.send(due("webhook", at, certificate=ours.issuer))) is Fault.ANSWER
    assert await fault_of(webhook.send(due("webhook", at, certificate=ours.issuer))) is Fault.UNREACHABLE
    assert await fault_of(webhook.send(due("webhook", at, certificate="no certificate"))) is Fault.CERTIFICATE


@pytest.mark.parametrize("host", ["127.0.0.1", "10.0.0.1", "169.254.169.254", "[::1]", "0.0.0.0", "[fd00::1]"])
async def test_nothing_goes_inwards(host: str) -> None:
    shut = Webhook(SEED, "k", ROOMS, (), SystemClock())
    assert await fault_of(shut.send(due("webhook", f"https://{host}:9/"))) is Fault.NETWORK


def judge(address: str, headers: dict[str, str], body: bytes) -> None:
    """Have somebody else's library verify a request (RFC 9421)."""

    class Keys(HTTPSignatureKeyResolver):
        def resolve_public_key(self, key_id: str) -> object:
            return load_pem_public_key(public_pem(SEED))

    request = SimpleNamespace(method="POST", url=address, headers=headers, body=body)
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=Keys())
    covered = ('"@method"', '"@target-uri"', '"content-digest"')
    assert len(verifier.verify(request, require_components=covered, body=body)) == 1


def test_a_signature_is_as_the_standard_writes_it() -> None:
    said = sign_request("https://a.example/", b"{}", 1, SEED, "k")
    assert said["Signature-Input"] == (
        'vaka=("@method" "@target-uri" "content-type" "content-digest");created=1;keyid="k";alg="ed25519"'
    )
