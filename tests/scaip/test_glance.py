# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A glance says of a body what reading it says, or nothing: no spelling makes it say something else."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from vaka.scaip.body import parse_mrq
from vaka.scaip.errors import ScaipError
from vaka.scaip.glance import Kind, glance

CORPUS = Path(__file__).parent.parent / "corpus" / "mrq"

USUAL = [
    (b"<mrq><mty>ME</mty><dty>02</dty><stc>085</stc></mrq>", Kind("ME", 2, 85)),
    (b"<mrq><stc>0102</stc><mty>IN</mty></mrq>", Kind("IN", None, 102)),
    (b"<mrq><mty>PI</mty><ref>1998218577</ref><cid>10149471</cid><dty>2</dty></mrq>", Kind("PI", 2, None)),
    (b"<mrq><ref>1</ref></mrq>", Kind("ME", None, None)),
    (b'<?xml version="1.0" encoding="UTF-8"?>\r\n<mrq>\r\n  <stc>16</stc>\r\n</mrq>\r\n', Kind("ME", None, 16)),
    (b"\xef\xbb\xbf<mrq><stc>16</stc><stc>10</stc></mrq>", Kind("ME", None, 16)),
    ("<mrq><lte>K\u00f6k</lte><stc>16</stc></mrq>".encode(), Kind("ME", None, 16)),
    ("<mrq><lte>K\u00f6k</lte><stc>16</stc></mrq>".encode("latin-1"), Kind("ME", None, 16)),
    (b"<mrq><lge><geo>59.3,18.1</geo><tim>2026-01-01T00:00:00Z</tim></lge><stc>16</stc></mrq>", Kind("ME", None, 16)),
]

# A fault or a test to whoever looks for its spelling alone. To whoever reads, some of these are life alarms.
ODD = [
    b"",
    b"SIP/2.0 200 OK",
    b"<mrq></mrq>",
    b"<mrq><STC>10</STC><stc>85</stc></mrq>",
    b'<mrq><stc a="b">10</stc><stc>85</stc></mrq>',
    b"<mrq><!-- <stc>85</stc> --><stc>10</stc></mrq>",
    b"<mrq><ite><![CDATA[<stc>85</stc>]]></ite><stc>10</stc></mrq>",
    b"<mrq><lge><stc>85</stc></lge><stc>10</stc></mrq>",
    b"<mrq><ite><stc>85</stc></ite><stc>10</stc></mrq>",
    b"<mrq><ite>&#xFFFE;</ite><stc>85</stc></mrq>",
    b"<mrq><x:stc>10</x:stc><stc>85</stc></mrq>",
    b"<MRQ><stc>85</stc></MRQ>",
    b"<mrs><stc>85</stc></mrs>",
    b"<mrq><stc>10</stc></mrq><mrq><stc>85</stc></mrq>",
    b"<x><mrq><stc>85</stc></mrq></x>",
    b"<mrq><stc>85</stc>",
    b"<mrq><stc>85</ref></mrq>",
    b"<mrq><stc>85</stc>text</mrq>",
    b"<mrq><stc> 85</stc></mrq>",
    b"<mrq><stc></stc></mrq>",
    b"<mrq><stc>00085</stc></mrq>",
    b"<mrq><stc>-85</stc></mrq>",
    b"<mrq><stc>8_5</stc></mrq>",
    "<mrq><stc>\u0668\u0665</stc></mrq>".encode(),
    b"<mrq><mty>XX</mty><stc>85</stc></mrq>",
    b"<mrq><mty>pi</mty></mrq>",
    b"<mrq><mty></mty><stc>85</stc></mrq>",
    b"<mrq><dty>x</dty><stc>85</stc></mrq>",
    b"\0<mrq><stc>85</stc></mrq>",
    "<mrq><stc>85</stc></mrq>".encode("utf-16"),
    b"<!DOCTYPE mrq><mrq><stc>85</stc></mrq>",
    b"<mrq>" + 65 * b"<lte></lte>" + b"<stc>85</stc></mrq>",
    b"<mrq><ite>" + 4096 * b"x" + b"</ite><stc>85</stc></mrq>",
]

_PIECES = st.sampled_from(
    [b"<stc>85</stc>", b"<stc>10</stc>", b"<stc></stc>", b"<stc> 85 </stc>", b"<STC>10</STC>", b"<stc/>", b"<stc>",
     b"</stc>", b"85", b"<mty>PI</mty>", b"<mty>ME</mty>", b"<mty>xx</mty>", b"<dty>2</dty>", b"<dty>46</dty>",
     b"<ite>a</ite>", b"<ite>&#xFFFE;</ite>", b"<ite>&</ite>", b"<ite>\x00\xff</ite>", b"<ite>\xef\xbf\xbf</ite>",
     b"<lge>", b"</lge>", b"<geo>1,2</geo>", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"<?x", b"?>", b"<mrq>", b"</mrq>",
     b" ", b"\r\n", b"\0", b"<", b">"]
)  # fmt: skip
_BEGINNINGS = st.sampled_from(
    [b"", b" ", b"\xef\xbb\xbf", b"\xff\xfe", b"<?xml version=\"1.0\"?>", b"<?xml version=\"1.1\" ==\"?>",
     b"<?xml version=\"1.0\" encoding=\"utf-16\"?>\r\n", b"<?xml?>", b"<?xml version=\"1.0\"?><?xml version=\"1.0\"?>"]
)  # fmt: skip
_bodies = st.builds(
    lambda before, inside, after: before + b"<mrq>" + b"".join(inside) + b"</mrq>" + after,
    _BEGINNINGS, st.lists(_PIECES, max_size=8), st.sampled_from([b"", b"\r\n", b"\0", b"<mrq>", b"<stc>85</stc>"]),
)  # fmt: skip


def by_reading(body: bytes) -> Kind | None:
    try:
        mrq = parse_mrq(body)
    except ScaipError:
        return None
    return Kind(mrq.mty, mrq.dty, mrq.stc)


@pytest.mark.parametrize(("body", "kind"), USUAL)
def test_the_usual_spellings_are_understood(body: bytes, kind: Kind) -> None:
    assert glance(body) == kind
    assert by_reading(body) == kind


@pytest.mark.parametrize("body", ODD)
def test_what_is_odd_has_no_kind(body: bytes) -> None:
    assert glance(body) is None


@given(_bodies)
@example(b"<mrq><ite>&#xFFFE;</ite><stc>85</stc></mrq>")
def test_a_glance_never_says_anything_else_than_reading_does(body: bytes) -> None:
    assert glance(body) in (None, by_reading(body))


@given(st.lists(st.sampled_from(["<stc>85</stc>", "<mty>IN</mty>", "<ite>x</ite>", "\r\n "]), max_size=6))
def test_plain_bodies_in_any_order_are_understood(pieces: list[str]) -> None:
    body = f"<mrq><ref>1</ref>{''.join(pieces)}</mrq>".encode()
    assert glance(body) == by_reading(body)


def test_what_devices_sent_is_seen_as_it_is_read() -> None:
    bodies = [path.read_bytes() for path in sorted(CORPUS.rglob("*")) if path.is_file()]
    seen = [(glance(body), by_reading(body)) for body in bodies]
    assert all(glanced in (None, read) for glanced, read in seen)
    assert sum(glanced is not None for glanced, _ in seen) >= 5
