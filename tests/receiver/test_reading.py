# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""From a MESSAGE to the row that is stored."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.identities import IDENTITIES, blinded
from tests.letters import SAID
from tests.receiver.test_confirmations import Wire
from tests.sip.samples import message, request
from vaka.receiver.reading import Reading, confirmation, read, row, said
from vaka.scaip.body import parse_mrs
from vaka.scaip.classes import classify, default_table
from vaka.sip.message import Headers, Request

NOW = datetime(2026, 3, 14, tzinfo=UTC)
IDS = {"message_id": UUID(int=1), "alarm_id": UUID(int=2)}


def reading(body: str | bytes, **headers: str | None) -> Reading:
    """A MESSAGE with this body, read."""
    data = body.encode() if isinstance(body, str) else body
    return read(request(message({name.replace("_", "-"): value for name, value in headers.items()}, body=data)))


def stored(found: Reading) -> dict[str, Any]:
    """The row of a message from an unknown device."""
    assert found.mrq is not None
    verdict = classify(found.mrq, default_table())
    texts = dict(zip(SAID, said(found, Wire(), "4711").texts, strict=True))
    return row(found, verdict, Wire(), None, blinded("4711"), IDENTITIES, received_at=NOW, **IDS) | texts


@pytest.mark.parametrize(
    ("fields", "column", "value"),
    [
        ("<stc>010</stc>", "class", "life"),
        ("<dty>5</dty>", "kind", "fall"),
        ("<dty>0005</dty>", "device_type", 5),
        ("<dty>99999</dty>", "device_type", None),
        ("<dty>five</dty>", "device_type", None),
        ("<stc>16</stc>", "restores", "battery"),
        ("<stc>15</stc><did>00</did>", "restores", "battery"),
        ("<stc>15</stc><did>03</did>", "restores", f"{IDENTITIES.blind_part('03')}:battery"),
        ("<stc>15</stc>", "effect", "restore"),
        ("<stc>19</stc>", "effect", "withdraw"),
        ("<lco>12</lco>", "location_code", 12),
        ("<lva>2</lva><lte>kök</lte>", "location_text", "2 · kök"),
        ("<dte>knapp</dte><ite>hjälp</ite>", "device_text", "knapp · hjälp"),
        ("<lge><geo>59.33,18.06</geo><tim>2026-03-14T02:00:00</tim></lge>", "position_text",
         "59.33,18.06 · 2026-03-14T02:00:00"),
        ("", "source", "198.51.100.7:6060"),
        ("", "location_text", ""),
        ("<lge><geo>59.33,18.06</geo></lge>", "has_position", True),
        ("<lge></lge>", "has_position", False),
        ("", "has_position", False),
    ],
)  # fmt: skip
def test_what_a_body_becomes(fields: str, column: str, value: object) -> None:
    assert stored(reading(f"<mrq><ref>1</ref><cid>26317</cid>{fields}</mrq>"))[column] == value


@pytest.mark.parametrize(
    ("changed", "deviation"),
    [
        ({"Content_Type": "text/plain"}, "content_type"),
        ({"Content_Type": None}, "content_type"),
        ({"From": "<sip:26317@192.0.2.1>"}, "from_tag_missing"),
        ({"From": "<sip:other@192.0.2.1>;tag=1"}, "sender_differs"),
    ],
)
def test_deviations_are_recorded(changed: dict[str, str | None], deviation: str) -> None:
    body = "<mrq><ref>1</ref><cid>26317</cid><dty>2</dty></mrq>"
    assert stored(reading(body))["deviations"] == []
    assert stored(reading(body, **changed))["deviations"] == [deviation]


def test_the_content_decides_what_is_a_repeat() -> None:
    body = "<mrq><ref>1</ref><cid>26317</cid><dty>2</dty></mrq>"
    same = stored(reading(body, Call_ID="another@call", CSeq="7 MESSAGE"))
    assert stored(reading(body))["digest"] == same["digest"]
    assert stored(reading(body.replace("2</dty>", "5</dty>")))["digest"] != same["digest"]


def test_without_a_reference_the_request_decides() -> None:
    body = "<mrq><cid>26317</cid><dty>2</dty></mrq>"
    others: list[dict[str, str]] = [
        {"Call_ID": "another@call"},
        {"CSeq": "7 MESSAGE"},
        {"From": "<sip:26317@192.0.2.1>;tag=other"},
    ]
    digests = {stored(reading(body, **changed))["digest"] for changed in ({}, *others)}
    assert len(digests) == 4
    assert stored(reading(body))["digest"] in digests


@pytest.mark.parametrize(
    ("body", "known", "ref", "number"),
    [
        ("<mrq><ref>7</ref><cid>1</cid></mrq>", True, "7", 0),
        ("<mrq><ref>7</ref><cid>1</cid></mrq>", False, "7", 0),
        ("<mrq><ref>&lt;7&gt;</ref><cid>1</cid></mrq>", True, "<7>", 0),
        ("<mrq><cid>1</cid></mrq>", True, "0", 0),
        ("nothing", True, "0", 0),
        ("nothing", False, "0", 2),
        ("<mrs/>", False, "0", 3),
        ("<" * 70_000, False, "0", 1),
    ],
)
def test_the_confirmation(body: str, known: bool, ref: str, number: int) -> None:
    found = read(Request("MESSAGE", "sip:a", Headers([("From", "<sip:26317@a>")]), body.encode()))
    answered = parse_mrs(confirmation(found, known))
    assert (answered.ref, answered.snu) == (ref, number)


@settings(max_examples=300)
@given(body=st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"<mrq>{text}</mrq>".encode()),
       user=st.text(max_size=80))  # fmt: skip
def test_whatever_is_sent_becomes_a_row_and_an_answer(body: bytes, user: str) -> None:
    headers = [("From", f"<sip:{user}@a>;tag=1"), ("Call-ID", user), ("CSeq", "1 MESSAGE")]
    found = read(Request("MESSAGE", "sip:a", Headers(headers), body))
    assert parse_mrs(confirmation(found, known=False)).ref
    if found.mrq is not None:
        sent = orjson.loads(orjson.dumps(stored(found)))
        assert "\0" not in "".join(str(value) for value in sent.values())
    if found.identity is not None:
        assert 1 <= len(found.identity) <= 64
        assert all("!" <= sign <= "~" for sign in found.identity)
