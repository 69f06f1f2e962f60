# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""`<mrq>` and `<mrs>`: what a device says, however it writes it, and what it is answered."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.scaip.body import MAX_IDENTIFIER, Mrq, Mrs, Position, build_mrq, build_mrs, parse_mrq, parse_mrs
from vaka.scaip.document import Deviation
from vaka.scaip.errors import ScaipError, ScaipFault

EVENT = (
    b"<mrq><ref>00001883</ref><cha>0</cha><mty>ME</mty><cid>26317</cid><dty>02</dty><did>00</did>"
    b"<crd>gsm:+46701740605</crd><stc>010</stc></mrq>"
)
HEARTBEAT = b"<mrq><mty>PI</mty><ref>1998218577</ref><cid>10149471</cid><dty>2</dty></mrq>"
FULL = [
    ("ref", "A1"), ("cid", "8031372"), ("dty", "0003"), ("mty", "me"), ("stc", "9"), ("cha", "1"), ("crd", "sip:"),
    ("crd", "no-voice:"), ("did", "1234567890"), ("dco", "002"), ("dte", "Knapp"), ("lco", "012"), ("lva", "01"),
    ("lte", "Sovrum"), ("lge/geo", "59.3293, 18.0686"), ("lge/tim", "2026-03-14T01:59:00Z"), ("lge/gga", "$GPGGA,0159"),
    ("stt", "status"), ("ite", "information"), ("ico", "4"), ("sco", "3"), ("pri", "0"), ("hbo", "001"),
    ("ver", "01.00"), ("ame", "1"), ("mreq", "4"),
]  # fmt: skip


def mrq(content: str) -> Mrq:
    """The message with these elements and the three mandatory ones."""
    return parse_mrq(f"<mrq><ref>1</ref><cid>26317</cid><dty>3</dty>{content}</mrq>".encode())


def test_an_event() -> None:
    found = parse_mrq(EVENT)
    assert (found.ref, found.cid, found.mty, found.dty, found.stc) == ("00001883", "26317", "ME", 2, 10)
    assert (found.cha, found.did, found.crd, found.deviations) == (0, "00", ("gsm:+46701740605",), ())


def test_a_heartbeat() -> None:
    found = parse_mrq(HEARTBEAT)
    assert (found.mty, found.ref, found.cid, found.dty, found.stc) == ("PI", "1998218577", "10149471", 2, None)
    absent = {name for name in Mrq._fields if getattr(found, name) in (None, ())}
    assert absent == set(Mrq._fields) - {"mty", "ref", "cid", "dty", "fields"}


def test_every_element() -> None:
    assert parse_mrq(build_mrq(FULL)) == Mrq(
        ref="A1", cid="8031372", dty=3, mty="ME", stc=9, cha=1, crd=("sip:", "no-voice:"), did="1234567890", dco=2,
        dte="Knapp", lco=12, lva="01", lte="Sovrum",
        lge=Position("59.3293, 18.0686", "2026-03-14T01:59:00Z", "$GPGGA,0159"), stt="status", ite="information",
        ico=4, sco=3, pri=0, hbo=1, ver="01.00", ame=1, mreq=4, fields=tuple(FULL), deviations=(Deviation.TOO_LONG,),
    )  # fmt: skip


def test_elements_in_any_order() -> None:
    turned = parse_mrq(build_mrq(reversed(FULL)))
    straight = parse_mrq(build_mrq(FULL))
    assert turned.crd == straight.crd[::-1]
    others = [name for name in Mrq._fields if name not in ("crd", "fields")]
    assert [getattr(turned, name) for name in others] == [getattr(straight, name) for name in others]


@pytest.mark.parametrize("written", ["2", "02", "0002", " 2", "2\r\n", "000000002"])
def test_codes_are_numbers_however_they_are_padded(written: str) -> None:
    assert mrq(f"<stc>{written}</stc>").stc == 2


def test_blanks_inside_values() -> None:
    found = parse_mrq(b"<mrq><ref> 1 </ref><cid> 8031372</cid><dty>3 </dty><lte>\r\n Hall 2 \r\n</lte></mrq>")
    assert (found.ref, found.cid, found.lte) == ("1", "8031372", "Hall 2")
    assert found.deviations == (Deviation.PADDED_VALUE,)


def test_repeated_crd() -> None:
    found = mrq("<crd>sip:</crd><stc>9</stc><crd>tel:+46701740606</crd><crd/>")
    assert (found.crd, found.deviations) == (("sip:", "tel:+46701740606"), ())


def test_of_other_repeated_elements_the_first_counts() -> None:
    found = mrq("<stc>10</stc><stc>102</stc>")
    assert (found.stc, found.deviations) == (10, (Deviation.REPEATED_ELEMENT,))
    found = mrq("<crd>sip:1</crd><stc>10</stc><crd></crd><crd>sip:2</crd><stc>102</stc>")
    assert (found.crd, found.stc, found.deviations) == (("sip:1", "sip:2"), 10, (Deviation.REPEATED_ELEMENT,))


def test_unknown_elements_are_kept() -> None:
    found = mrq("<vendor>x</vendor>")
    assert found.fields[-1] == ("vendor", "x")
    assert found.deviations == (Deviation.UNKNOWN_ELEMENT,)


@pytest.mark.parametrize("before", ["", '<?xml version="1.0" encoding="utf-8"?>', "\ufeff"])
@pytest.mark.parametrize("after", ["", "\r\n", "\0"])
def test_declaration_bom_and_trailing_bytes(before: str, after: str) -> None:
    found = parse_mrq(before.encode() + EVENT + after.encode())
    assert (found.ref, found.cid, found.stc) == ("00001883", "26317", 10)
    assert len(found.deviations) == bool(before) + bool(after)


@pytest.mark.parametrize(
    ("content", "deviation"),
    [
        ("<stc>ten</stc>", Deviation.NOT_A_NUMBER),
        ("<stc>-1</stc>", Deviation.NOT_A_NUMBER),
        ("<stc>１０</stc>", Deviation.NOT_A_NUMBER),
        ("<stc>0000000010</stc>", Deviation.NOT_A_NUMBER),
        ("<mty>ZZ</mty>", Deviation.UNKNOWN_MESSAGE_TYPE),
        (f"<dte>{'x' * 33}</dte>", Deviation.TOO_LONG),
    ],
)
def test_deviations(content: str, deviation: Deviation) -> None:
    found = mrq(content)
    assert deviation in found.deviations
    assert found.stc is None


@pytest.mark.parametrize("left_out", [b"<ref>00001883</ref>", b"<cid>26317</cid>", b"<dty>02</dty>"])
def test_a_missing_mandatory_element_loses_no_alarm(left_out: bytes) -> None:
    found = parse_mrq(EVENT.replace(left_out, b""))
    assert found.deviations == (Deviation.MISSING_MANDATORY,)
    assert None in (found.ref, found.cid, found.dty)


def test_an_empty_value_is_an_absent_one() -> None:
    found = mrq("<stc></stc><dte> </dte><mty/>")
    assert (found.stc, found.dte, found.mty) == (None, None, "ME")


def test_cut_off_in_the_middle() -> None:
    found = parse_mrq(EVENT[:-20])
    assert (found.ref, found.cid, found.stc) == ("00001883", "26317", None)
    assert found.deviations == (Deviation.NOT_WELL_FORMED,)


def test_identifiers_are_bounded() -> None:
    found = parse_mrq(
        b"<mrq><ref>" + b"r" * 500 + b"</ref><cid>" + b"1" * 500 + b"</cid><mty>" + b"M" * 500 + b"</mty></mrq>"
    )
    assert found.ref == "r" * MAX_IDENTIFIER
    assert found.cid == "1" * MAX_IDENTIFIER
    assert found.mty == "M" * MAX_IDENTIFIER


@pytest.mark.parametrize(
    ("geo", "coordinates"),
    [
        ("59.3293,18.0686", (59.3293, 18.0686)),
        (" -33.9 , +151 ", (-33.9, 151.0)),
        ("91,18", None),
        ("59,181", None),
        ("59", None),
        ("", None),
        ("59,18,3", None),
        ("N59,E18", None),
        ("1e5,1", None),
    ],
)
def test_position(geo: str, coordinates: tuple[float, float] | None) -> None:
    found = mrq(f"<lge><geo>{geo}</geo><tim>2026-03-14T01:59:00Z</tim></lge>").lge
    assert found is not None
    assert found.coordinates == coordinates


@pytest.mark.parametrize("body", [b"<mrs><ref>1</ref><snu>0</snu></mrs>", b"<html/>", b"<mrqx/>"])
def test_another_document_is_refused(body: bytes) -> None:
    with pytest.raises(ScaipError) as caught:
        parse_mrq(body)
    assert caught.value.code is ScaipFault.OTHER_DOCUMENT


def test_the_smallest_answer() -> None:
    assert build_mrs(Mrs("X", 0)) == b"<mrs><ref>X</ref><snu>0</snu></mrs>"


def test_an_answer_that_asks_for_a_call() -> None:
    answer = Mrs("00001883", 0, ste="<tag> & co", mre=1, cre=62, tnu="sip:alarm-7@192.0.2.1", hbi=2)
    assert parse_mrs(build_mrs(answer)) == answer


@pytest.mark.parametrize(
    "body", [b"<mrs/>", b"<mrs><ref>X</ref></mrs>", b"<mrs><snu>0</snu></mrs>", b"<mrs><ref>X</ref><snu>x</snu></mrs>"]
)
def test_an_answer_to_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(ScaipError) as caught:
        parse_mrs(body)
    assert caught.value.code is ScaipFault.INCOMPLETE


def test_an_mrq_is_no_mrs() -> None:
    with pytest.raises(ScaipError) as caught:
        parse_mrs(EVENT)
    assert caught.value.code is ScaipFault.OTHER_DOCUMENT


DAMAGE = st.lists(st.tuples(st.integers(0, len(EVENT)), st.binary(max_size=4)), max_size=5)


@given(
    st.one_of(st.binary(max_size=300), st.binary(max_size=200).map(lambda inside: b"<mrq><ref>" + inside + b"</mrq>"))
)
def test_any_bytes_give_a_message_or_the_one_exception(body: bytes) -> None:
    for parse in (parse_mrq, parse_mrs):
        with suppress(ScaipError):
            parse(body)


@given(DAMAGE)
def test_whatever_was_read_can_be_answered_and_written_again(damage: list[tuple[int, bytes]]) -> None:
    body = EVENT
    for place, piece in damage:
        body = body[:place] + piece + body[place + len(piece) // 2 :]
    with suppress(ScaipError):
        found = parse_mrq(body)
        assert parse_mrs(build_mrs(Mrs(found.ref or "0", 0))).ref == (found.ref or "0")
