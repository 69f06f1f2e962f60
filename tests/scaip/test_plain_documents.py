# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The short way of reading a plain document gives what the XML parser gives, or leaves the document to it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.scaip.document import MAX_ELEMENTS, Document, _read_plain, _read_xml, read_document
from vaka.scaip.errors import ScaipError, ScaipFault

PLAIN = "<mrq><ref>1</ref><cid>26317</cid><dte>Halsband å ä ö</dte><crd>sip:</crd><crd></crd><lte>]]</lte></mrq>"

# Near misses of what is plain: each must be left to the parser.
NOT_PLAIN = [
    "<mrq/>",
    "<MRQ></MRQ>",
    "<mrq><ref>1</REF></mrq>",
    "<mrq><ref>1</cid></mrq>",
    "<mrq><ref> 1</ref></mrq>",
    "<mrq><ref>1 </ref></mrq>",
    "<mrq><ref>1\u00a0</ref></mrq>",
    "<mrq><ref>1\n2</ref></mrq>",
    "<mrq><ref>1</ref>\n</mrq>",
    "<mrq><ref>1</ref></mrq>\r\n",
    '<mrq><ref a="1">1</ref></mrq>',
    "<mrq><ref/></mrq>",
    "<mrq><ref>1&amp;2</ref></mrq>",
    "<mrq><ref>1]]>2</ref></mrq>",
    "<mrq><lge><geo>1,2</geo></lge></mrq>",
    "<mrq>text<ref>1</ref></mrq>",
    "<mrq><ref>\uffff</ref></mrq>",
    "<mrq><ref>\x01</ref></mrq>",
    "<mrq><9ref>1</9ref></mrq>",
    f"<mrq><ref>{'1' * 513}</ref></mrq>",
    f"<mrq><{'t' * 33}>1</{'t' * 33}></mrq>",
    "<mrq><ref>1</ref></mrs>",
    "<mrq><abcd><mrq>1</mrq>",
    "<mrq>ABCDEF<mrq>1</mrq>",
    "<mrq><ref>1</ref>></mrq>",
    "<mrq><ref>1</ref><</mrq>",
    "<mrq><ref>1>2</ref></mrq>",
    "<a><ref>1</ref></a>",
    '<?xml version="1.0"?><mrq><ref>1</ref></mrq>',
]

_names = st.sampled_from(["ref", "cid", "crd", "mrq", "mrs", "a1", "REF", "1a", "x-y", "t" * 32])
_texts = st.text(st.sampled_from("ab 1.:;,/<>&]\t\r\n\x00\x85\xa0åö\u2028\uffff\U0001f600"), max_size=8)
_elements = st.builds(lambda name, text, end: f"<{name}>{text}</{end or name}>", _names, _texts, st.none() | _names)


def by_parser(text: str) -> Document | None:
    try:
        return _read_xml(text, {})
    except ScaipError:
        return None


def test_plain_documents_are_read_the_short_way() -> None:
    assert _read_plain(PLAIN)
    assert read_document(PLAIN.encode()) == by_parser(PLAIN)
    assert read_document(b"<mrs></mrs>") == by_parser("<mrs></mrs>") == Document("mrs", (), ())


def test_a_plain_document_has_no_more_elements_than_another() -> None:
    most = MAX_ELEMENTS - 1
    assert len(read_document(b"<mrq>" + b"<a>1</a>" * most + b"</mrq>").fields) == most
    with pytest.raises(ScaipError) as caught:
        read_document(b"<mrq>" + b"<a>1</a>" * MAX_ELEMENTS + b"</mrq>")
    assert caught.value.code is ScaipFault.TOO_MANY_ELEMENTS


@pytest.mark.parametrize("text", NOT_PLAIN)
def test_everything_else_is_left_to_the_parser(text: str) -> None:
    assert _read_plain(text) is None


@given(st.lists(_elements, max_size=6), st.sampled_from(["mrq", "mrs"]), st.sampled_from(["", "\r\n", " "]))
def test_both_ways_agree(elements: list[str], name: str, ending: str) -> None:
    text = f"<{name}>{''.join(elements)}</{name}>{ending}"
    if _read_plain(text) is not None:
        assert read_document(text.encode()) == by_parser(text)


@given(st.data())
def test_both_ways_agree_on_damaged_documents(data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(PLAIN)))
    cut = data.draw(st.integers(0, 5))
    text = PLAIN[:at] + data.draw(_texts) + PLAIN[at + cut :]
    if _read_plain(text) is not None:
        assert read_document(text.encode()) == by_parser(text)
