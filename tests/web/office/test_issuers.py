# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Which issuers are believed, as two administrators decide it in the office, each with a key in the hand."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from tests.identity.house import LOA3, LOA4, content
from tests.identity.saml_provider import SamlProvider
from tests.platform import platform_as
from tests.web.browsers import Answer
from tests.web.furniture import Installation
from tests.web.office.administrators import Administrator, fields_in
from tests.web.portal.conftest import Logs
from vaka.clock import SystemClock
from vaka.identity.trust import Trusted, approve, list_rows, list_trusted, propose
from vaka.identity.trust_content import read_content, write_content
from vaka.web.office.proposing import ProposalForm

pytestmark = pytest.mark.anyio

NEW, DECIDE, EXTEND = "/issuers/new", "/issuers/decide", "/issuers/extend"


def day(days: int) -> str:
    return (SystemClock().now() + timedelta(days=days)).date().isoformat()


@pytest.fixture(autouse=True)
def no_issuers(installation: Installation, logs: Logs) -> Iterator[None]:
    """No issuer of before is there, and none stays."""
    forget = "truncate vaka.trusted_issuer cascade"
    logs.execute("platform", forget, unguarded=True)
    yield
    logs.execute("platform", forget, unguarded=True)


async def put_forward(
    who: Administrator, name: str, said: dict[str, Any], *, changed: dict[str, str] | None = None, **more: str
) -> Answer:
    """Fill the form in, and touch the key."""
    drawn = fields_in(await who.get(NEW), NEW)
    return await who.do(NEW, {**drawn, "name": name, "said": json.dumps(said), **more}, changed=changed)


async def decide(who: Administrator, verdict: str = "approved", *, changed: dict[str, str] | None = None) -> Answer:
    """Decide what stands first on the page."""
    fields = fields_in(await who.get("/issuers"), DECIDE)
    return await who.do(DECIDE, {**fields, "verdict": verdict}, changed=changed)


async def believed(installation: Installation, name: str) -> Trusted | None:
    async with platform_as(installation.server, "signin") as signin:
        found = await list_trusted(signin, SystemClock().now())
    return next((one for one in found if one.name == name), None)


async def test_one_proposes_another_approves_and_it_is_believed_once_it_is_sealed(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    name, mark = f"prov-{uuid4().hex[:8]}", logs.mark("platform")
    assert (await put_forward(algot, name, content())).status == 303
    page = await algot.get("/issuers")
    assert name in page
    assert "Du har föreslagit det. Någon annan måste godkänna det." in page
    assert 'value="approved"' not in page
    assert await believed(installation, name) is None
    assert (await decide(berit)).status == 303
    await logs.seal_platform()
    trusted = await believed(installation, name)
    assert trusted is not None
    assert trusted.authority_id is None
    told = [one for one in logs.since(mark, "platform") if one["event"].startswith("trust.")]
    assert [(one["event"], one["actor"]) for one in told] == [
        ("trust.proposed", f"account:{algot.browser.account}"), ("trust.approved", f"account:{berit.browser.account}"),
    ]  # fmt: skip
    [row] = [one for one in await rows(installation) if one.name == name]
    assert {one["detail"]["sha256"] for one in told} == {row.digest}
    assert all(len(one["detail"]["step_up"]) == 64 for one in told), "a key was touched over exactly that"
    page = await berit.get("/issuers")
    for shown in (LOA3, "Listed at Digg, looked at for this test", "SE-prov-1", "In the office", row.digest):
        assert shown in page


async def rows(installation: Installation) -> Any:
    async with platform_as(installation.server, "setup") as setup:
        return await list_rows(setup)


async def test_nobody_approves_what_he_proposed_and_nothing_else_than_was_shown(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    await put_forward(algot, "prov-own", content())
    own = await decide(algot)
    assert own.status == 403
    assert "Den som har lagt förslaget kan inte godkänna det." in own.text
    [row] = await rows(installation)
    other = await berit.do(DECIDE, {"issuer": str(row.id), "digest": "0" * 64, "verdict": "approved"})
    assert other.status == 409
    # What a script changes between the page and the touch is another act.
    turned = await decide(berit, changed={"verdict": "withdrawn"})
    assert turned.status == 403
    logs.execute(
        "platform", f"update vaka.trusted_issuer set content = content || ' ' where id = '{row.id}'", unguarded=True
    )
    altered = await berit.do(DECIDE, {"issuer": str(row.id), "digest": row.digest, "verdict": "approved"})
    assert altered.status == 409
    assert "is not what two people decided" in await berit.get("/issuers")
    assert await believed(installation, "prov-own") is None


async def test_what_differs_from_todays_entry_is_shown_line_by_line(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    await put_forward(algot, "prov-byte", content())
    await decide(berit)
    await logs.seal_platform()
    [row] = await rows(installation)
    # The form holds what is said today.
    page = await berit.get(f"{NEW}?issuer={row.id}")
    assert 'value="prov-byte"' in page
    assert "Listed at Digg, looked at for this test" in page
    assert (
        await put_forward(berit, "prov-byte", content(client_id="vaka-ny", organisations=["SE-prov-2"]))
    ).status == 303
    table = (await algot.get("/issuers")).partition('<table class="compared">')[2].partition("</table>")[0]
    lines = table.split("<tr")[2:]
    assert all('class="differs"' in line for line in lines)
    said = " ".join(lines)
    for shown in ("<td>vaka-prov</td><td><strong>vaka-ny</strong>", "SE-prov-2", "Fingeravtryck av alltihop"):
        assert shown in said
    assert "Listed at Digg" not in said, "what is the same is counted, and not repeated"
    assert await decide_changes(algot) == len(lines), "the touch is asked for with the same table"


async def decide_changes(who: Administrator) -> int:
    fields = fields_in(await who.get("/issuers"), DECIDE)
    shown = await who.browser.post(DECIDE, {**fields, "verdict": "approved"})
    return shown.text.count('class="differs"')


async def test_evidence_is_extended_and_what_cannot_be_believed_is_said_before_a_touch(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    await put_forward(algot, "prov-tid", content())
    await decide(berit)
    await logs.seal_platform()
    fields = {**fields_in(await berit.get("/issuers"), EXTEND), "uri": LOA3}
    reviewed = {"evidence": "Read anew at Digg, for this test", "expires": day(390)}
    # The answer to the touch goes to the form of proposals: what is touched for is the whole proposal.
    shown = await berit.browser.post(EXTEND, {**fields, **reviewed})
    assert f'action="{NEW}"' in shown.text
    assert (await berit.do(NEW, fields_in(shown.text, NEW))).status == 303
    assert (await decide(algot)).status == 303
    await logs.seal_platform()
    trusted = await believed(installation, "prov-tid")
    assert trusted is not None
    assert trusted.content.levels[LOA3].expires.isoformat() == reviewed["expires"]
    assert trusted.content.levels[LOA3].evidence == reviewed["evidence"]
    fields = {**fields_in(await berit.get("/issuers"), EXTEND), "uri": LOA3}
    for wrong, said in (
        ({**reviewed, "expires": day(-1)}, "review the issuer anew"),
        ({**reviewed, "expires": day(900)}, "within 400 days"),
        ({**reviewed, "evidence": "short"}, "evidence: "),
    ):  # fmt: skip
        refused = await berit.browser.post(EXTEND, {**fields, **wrong})
        assert refused.status == 400
        assert said in refused.text


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (content(levels={"urn:example:loa3": {"level": 3, "evidence": "Looked at today", "expires": "2030-01-01"}}),
         "är ingen känd nivå; skriv den som utfärdaren gör"),
        (content(levels={LOA4: {"level": 4, "evidence": "Looked at today", "expires": "2020-01-01"}}),
         "granska utfärdaren på nytt"),
        (content(keys=None), "keys: fältet saknas"),
        ({"protocol": "saml"}, "metadata: fältet saknas"),
    ],
)  # fmt: skip
async def test_a_fault_says_in_the_readers_language_what_to_do(
    algot: Administrator, logs: Logs, said: dict[str, Any], told: str
) -> None:
    mark = logs.mark("platform")
    refused = await put_forward(algot, "prov-fel", said)
    assert refused.status == 400
    assert told in refused.text
    assert logs.since(mark, "platform") == [], "no key was asked for"


async def test_a_saml_issuer_comes_with_its_metadata_and_stripped_ones_are_refused(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs, tmp_path_factory: Any
) -> None:
    provider = SamlProvider(tmp_path_factory.mktemp("saml"))
    said = provider.content()
    apart = {"metadata": said.pop("metadata"), "certificate": said.pop("metadata_certificate")}
    # As a browser sends the lines of a text.
    sent = {name: value.replace("\n", "\r\n") for name, value in apart.items()}
    stripped = {**sent, "metadata": sent["metadata"].replace("SignatureValue", "Other")}
    refused = await put_forward(algot, "prov-saml", said, **stripped)
    assert refused.status == 400
    assert "metadatan går inte att lita på" in refused.text
    assert (await put_forward(algot, "prov-saml", said, **sent)).status == 303
    page = await berit.get("/issuers")
    assert "Certificate it signs with" in page
    [row] = await rows(installation)
    assert row.text == write_content(read_content(json.dumps(provider.content() | {
        "metadata": apart["metadata"], "metadata_certificate": apart["certificate"], "levels": said["levels"],
    }))), "byte for byte what a command would have been given"  # fmt: skip
    assert (await decide(berit)).status == 303


async def test_commands_and_the_office_decide_together_and_the_history_says_which(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    now, by = SystemClock().now(), UUID(algot.browser.account)
    async with platform_as(installation.server, "setup") as setup:
        row = await propose(setup, None, "prov-kom", read_content(json.dumps(content())), by=by, demo=True, now=now)
    assert (await decide(berit)).status == 303
    await logs.seal_platform()
    assert await believed(installation, "prov-kom") is not None
    history = (await algot.get("/issuers")).partition('id="decisions"')[2]
    assert [word for word in ("På kontoret", "Med ett kommando") if word in history] == [
        "På kontoret",
        "Med ett kommando",
    ]
    await put_forward(berit, "prov-kom", content(client_id="vaka-2"))
    waiting = next(one for one in await rows(installation) if one.approved_by is None)
    async with platform_as(installation.server, "setup") as setup:
        await approve(setup, waiting.id, waiting.digest, by=by, now=SystemClock().now())
    await logs.seal_platform()
    trusted = await believed(installation, "prov-kom")
    assert trusted is not None
    assert trusted.id != row.id


async def test_one_alone_withdraws_and_is_told_when_it_is_the_last(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    await put_forward(
        algot, "prov-slut", content(realms=["authority"]), authority=str(installation.authorities["ekbacka"].id)
    )
    await decide(berit)
    await logs.seal_platform()
    trusted = await believed(installation, "prov-slut")
    assert trusted is not None
    assert trusted.authority_id == installation.authorities["ekbacka"].id
    page = await algot.get("/issuers")
    assert "Ekbacka kommun" in page
    assert "Den är den enda för Myndighetens portal." in page
    assert (await decide(algot, "withdrawn")).status == 303
    assert await believed(installation, "prov-slut") is None, "at once, before anything is sealed"
    assert "Ingen utfärdare gäller." in await algot.get("/issuers")
    taken = await put_forward(algot, "prov-slut", content())
    assert taken.status == 409, "a name is never another's"


async def test_what_the_office_wrote_for_itself_past_every_page_is_believed_by_nobody(
    algot: Administrator, installation: Installation, logs: Logs
) -> None:
    """As the office's own login role: a row that says approved, and what was said of one changed afterwards."""
    await put_forward(algot, "prov-by-hand", content())
    [row] = await rows(installation)
    async with platform_as(installation.server, "office") as office:
        await office.execute(
            "update trusted_issuer set approved_by = %s, approved_at = now() where id = %s",
            (installation.accounts["ada"], row.id),
        )
    await logs.seal_platform()
    assert await believed(installation, "prov-by-hand") is None
    assert "är inte det som två personer har beslutat" in await algot.get("/issuers")


async def test_an_issuer_of_a_demo_is_shown_as_worth_nothing_elsewhere(
    algot: Administrator, berit: Administrator, installation: Installation, logs: Logs
) -> None:
    """Approved by two while this was a demo; somebody took the database to another installation."""
    await put_forward(algot, "prov-demo", content())
    await decide(berit)
    await logs.seal_platform()
    assert "prov-demo" in (await algot.get("/issuers")).partition('id="decisions"')[0]
    logs.execute("platform", "update vaka.installation set mode = 'production'", unguarded=True)
    try:
        page = await algot.get("/issuers")
        assert "prov-demo (Leverantören) är en utfärdare i en demo" in page
        assert "Ingen utfärdare gäller." in page
        assert (await decide(algot, "withdrawn")).status == 303
        assert "är en utfärdare i en demo" not in await algot.get("/issuers")
    finally:
        logs.execute("platform", "update vaka.installation set mode = 'demo'", unguarded=True)


async def test_a_document_keeps_its_last_line_break() -> None:
    form = ProposalForm(issuer=uuid4(), name=" x ", metadata="<a>\n</a>\n")
    assert (form.name, form.metadata) == ("x", "<a>\n</a>\n")
