# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Any small XML document to its fields: every encoding and mistake that is forgiven, every danger that is not."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.scaip.document import (
    MAX_BODY,
    MAX_ELEMENTS,
    MAX_TEXT,
    Deviation,
    Document,
    is_whole,
    read_document,
    write_document,
)
from vaka.scaip.errors import ScaipError, ScaipFault

PLAIN = "<mrq><ref>1</ref><lte>Källare</lte></mrq>"
FIELDS = (("ref", "1"), ("lte", "Källare"))


@pytest.mark.parametrize(
    ("body", "deviations"),
    [
        (PLAIN.encode(), []),
        (PLAIN.encode("utf-8-sig"), [Deviation.BOM]),
        (PLAIN.encode("latin-1"), [Deviation.ENCODING]),
        (PLAIN.encode("utf-16"), [Deviation.BOM, Deviation.ENCODING]),
        (b"\xfe\xff" + PLAIN.encode("utf-16-be"), [Deviation.BOM, Deviation.ENCODING]),
        (PLAIN.encode("utf-16-le"), [Deviation.ENCODING]),
        (PLAIN.encode("utf-16-be"), [Deviation.ENCODING]),
        (b'<?xml version="1.0" encoding="UTF-8"?>\r\n' + PLAIN.encode(), [Deviation.XML_DECLARATION]),
        (b'\r\n<?xml version="1.0"?>' + PLAIN.encode(), [Deviation.XML_DECLARATION]),
        # What a declaration says about the encoding is not believed: it is often a left-over.
        (b'<?xml version="1.0" encoding="UTF-16"?>' + PLAIN.encode(), [Deviation.XML_DECLARATION]),
        (b'<?xml version="1.0" encoding="x-none"?>' + PLAIN.encode(), [Deviation.XML_DECLARATION]),
        (b'<?xml version="1.0" encoding="ISO-8859-1"?>' + PLAIN.encode(), [Deviation.XML_DECLARATION]),
        (
            b'\xef\xbb\xbf<?xml version="1.0"?>' + PLAIN.encode() + b"\r\n",
            [Deviation.BOM, Deviation.TRAILING_BYTES, Deviation.XML_DECLARATION],
        ),
        (PLAIN.encode() + b"\r\n", [Deviation.TRAILING_BYTES]),
        (PLAIN.encode() + b"\0\0", [Deviation.TRAILING_BYTES]),
        (PLAIN.encode() + b"--end--", [Deviation.TRAILING_BYTES]),
        (PLAIN.encode() + PLAIN.encode(), [Deviation.TRAILING_BYTES]),
        (b"\0\0" + PLAIN.encode(), []),
        (b"41\r\n" + PLAIN.encode(), [Deviation.NOT_WELL_FORMED]),
        (PLAIN.encode()[:-1], [Deviation.NOT_WELL_FORMED]),
        (PLAIN.encode()[:-6] + b"<stc>1", [Deviation.NOT_WELL_FORMED]),
        (PLAIN.encode()[:-6] + b"<lge><geo>1,2</geo><tim>20", [Deviation.NOT_WELL_FORMED]),
        (PLAIN.encode()[:-6] + b"</mrs>", [Deviation.NOT_WELL_FORMED]),
        (PLAIN.replace(">1<", ">\r\n1\t<").encode(), [Deviation.PADDED_VALUE]),
        (PLAIN.replace("><", ">\n  <").encode(), []),
        (PLAIN.replace("mrq", "MRQ").replace("ref", "Ref").encode(), [Deviation.ROOT_NAME]),
        (PLAIN.replace("<mrq>", '<mrq xmlns="urn:x">').encode(), [Deviation.ROOT_NAME]),
        (PLAIN.replace("Källare", "<![CDATA[Källare]]><!-- <stc>102</stc> --><?pi?>").encode(), []),
        (PLAIN.replace("<ref>", '<ref a="1" b="2">').encode(), []),
    ],
)
def test_ways_of_writing(body: bytes, deviations: list[Deviation]) -> None:
    assert read_document(body) == Document("mrq", FIELDS, tuple(deviations))


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("Anna & Bo", "Anna & Bo"),
        ("Anna &amp; Bo & Cia", "Anna & Bo & Cia"),
        ("a&nbsp;b", "a&nbsp;b"),
        ("a&#11;b", "a&#11;b"),
        ("a\x07b", "a b"),
        ("&#229;&#xE4;", "åä"),
    ],
)
def test_texts_that_strict_parsers_refuse(content: str, text: str) -> None:
    found = read_document(f"<mrq><dte>{content}</dte><stc>9</stc></mrq>".encode())
    assert found.fields == (("dte", text), ("stc", "9"))


def test_nested_elements() -> None:
    found = read_document(b"<mrq><lge> <geo> 1,2 </geo><tim>t</tim></lge><a><b>x<c>y</c></b></a><stc>9</stc></mrq>")
    assert found.fields == (("lge/geo", "1,2"), ("lge/tim", "t"), ("a/b", "x"), ("stc", "9"))
    assert found.deviations == (Deviation.PADDED_VALUE, Deviation.TOO_DEEP)


def test_an_unfinished_value_is_dropped_not_shortened() -> None:
    assert read_document(b"<mrq><ref>1</ref><cid>2631").fields == (("ref", "1"),)
    assert read_document(b"<mrq><ref>1</ref><cid>26317</ci").fields == (("ref", "1"),)


def test_long_texts_and_names_are_cut() -> None:
    found = read_document(b"<mrq><dte>" + b"x" * 60_000 + b"</dte><" + b"t" * 99 + b"/></mrq>")
    assert found.fields == (("dte", "x" * MAX_TEXT), ("t" * 32, ""))
    assert found.deviations == (Deviation.TOO_LONG,)


BOMB = '<!DOCTYPE mrq [<!ENTITY a "larm"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><mrq><cid>&b;</cid></mrq>'


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        (BOMB.encode(), ScaipFault.DECLARATIONS),
        (BOMB.encode("utf-16"), ScaipFault.DECLARATIONS),
        (BOMB.encode("utf-16-be"), ScaipFault.DECLARATIONS),
        (b"\xe4" + BOMB.encode(), ScaipFault.DECLARATIONS),
        (BOMB.lower().encode(), ScaipFault.DECLARATIONS),
        (b'<!DOCTYPE mrq SYSTEM "http://192.0.2.1/mrq.dtd"><mrq/>', ScaipFault.DECLARATIONS),
        (b'<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/hostname">]><mrq>&x;</mrq>', ScaipFault.DECLARATIONS),
        (b'<mrq><!ENTITY a "b"></mrq>', ScaipFault.DECLARATIONS),
        # Put together by the very mending of a faulty document.
        (BOMB.replace("DOCTYPE", "DOC<?xml a?>TYPE").replace("ENTITY", "ENT<?xml a?>ITY").encode(),
         ScaipFault.DECLARATIONS),
        (b'<?xml a?><?xml b?><!<?xml c?>DOCTYPE m SYSTEM "file:///etc/hostname"><mrq>1</mrq>', ScaipFault.DECLARATIONS),
        (b"<mrq><dte>" + b"x" * 1_000_000 + b"</dte></mrq>", ScaipFault.TOO_LARGE),
        (b" " * (MAX_BODY + 1), ScaipFault.TOO_LARGE),
        (b"<a>" * 10_000 + b"</a>" * 8_000, ScaipFault.TOO_MANY_ELEMENTS),
        (b"<mrq>" + b"<a/>" * 2 * MAX_ELEMENTS + b"</mrq>", ScaipFault.TOO_MANY_ELEMENTS),
        (b"", ScaipFault.NOT_XML),
        (b"\0" * 500, ScaipFault.NOT_XML),
        (b"\r\n", ScaipFault.NOT_XML),
        (b"larm", ScaipFault.NOT_XML),
        (b"<mr", ScaipFault.NOT_XML),
        (b"<>", ScaipFault.NOT_XML),
        (b"<s:mrq><cid>1</cid></s:mrq>", ScaipFault.NOT_XML),
        (b"\x80" * 500, ScaipFault.NOT_XML),
        (bytes(range(256)), ScaipFault.NOT_XML),
    ],
)  # fmt: skip
def test_what_is_refused(body: bytes, fault: ScaipFault) -> None:
    with pytest.raises(ScaipError) as caught:
        read_document(body)
    assert caught.value.code is fault
    assert str(caught.value) == fault.value


@pytest.mark.parametrize(
    ("body", "whole"),
    [
        (PLAIN.encode(), True),
        (PLAIN.encode() + b"\r\n\0", True),
        (PLAIN.encode("utf-16"), True),
        (PLAIN.encode("latin-1"), True),
        (b"<MRQ><cid>1</cid></Mrq >", True),
        (b'<s:mrq xmlns:s="u"><s:cid>1</s:cid></s:mrq>', True),
        (b"<mrq><dte>Anna & Bo</dte></mrq>", True),
        (PLAIN.encode()[:-1], False),
        (PLAIN.encode()[:-6], False),
        (b"<mrq><ref>1</ref></mrq><mrq><ref>2", False),
        (b"<mrs></mrs>", False),
        (b"", False),
        (b"</mrq>" + b" " * MAX_BODY, False),
    ],
)
def test_whether_the_end_is_there(body: bytes, whole: bool) -> None:
    assert is_whole(body, "mrq") is whole


def test_the_deepest_document_that_is_read() -> None:
    depth = MAX_ELEMENTS
    found = read_document(b"<a>" * depth + b"</a>" * depth)
    assert found == Document("a", (("a/a", ""),), (Deviation.TOO_DEEP,))


TAGS_AND_SIGNS = [b"<mrq>", b"</mrq>", b"<cid>", b"</cid>", b"<a ", b"/>", b"<", b">", b"&", b"&#0;", b"&lt;", b"a:b"]
OTHER_PIECES = [
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"-->",
    b"<?xml ",
    b"?>",
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xe4",
    b" ",
]
PIECES = st.sampled_from(TAGS_AND_SIGNS + OTHER_PIECES)


@given(st.one_of(st.binary(max_size=300), st.lists(PIECES, max_size=40).map(b"".join)))
def test_any_bytes_give_a_document_or_the_one_exception(body: bytes) -> None:
    with suppress(ScaipError):
        for tag, text in read_document(body).fields:
            assert len(tag) <= 65
            assert len(text) <= MAX_TEXT


TAGS = st.from_regex(r"[a-z][a-z0-9]{0,5}(/[a-z]{1,3})?", fullmatch=True)
XML_TEXTS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"))


@given(st.lists(st.tuples(TAGS, XML_TEXTS.map(str.strip)), max_size=20))
def test_what_is_written_is_read_again(fields: list[tuple[str, str]]) -> None:
    found = read_document(write_document("mrq", fields))
    assert found == Document("mrq", tuple(fields), ())


def test_line_ends_inside_a_text_survive() -> None:
    fields = (("ite", "one\rtwo\r\nthree\tfour"),)
    assert read_document(write_document("mrq", fields)).fields == fields


@pytest.mark.parametrize("text", ["\0", "\x0b", "\ud800", "\uffff"])
def test_text_that_xml_cannot_hold_is_not_written(text: str) -> None:
    with pytest.raises(ScaipError) as caught:
        write_document("mrq", [("dte", text)])
    assert caught.value.code is ScaipFault.UNSAFE_TEXT


@pytest.mark.parametrize("tag", ["", "a b", "a><b", "A", "1a", "a/b/c", "å"])
def test_a_name_that_is_no_name_is_not_written(tag: str) -> None:
    with pytest.raises(ScaipError):
        write_document("mrq", [(tag, "x")])
