# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The reader of what issuers write: whatever comes, it is a tree or a refusal with a reason."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaka.identity.reasons import Reason
from vaka.identity.saml_metadata import read_instant
from vaka.identity.saml_xml import DEEPEST, LARGEST_DOCUMENT, MOST_ELEMENTS, SamlRefusedError, read_xml

SAMPLE = (
    '<p:Response xmlns:p="urn:oasis:names:tc:SAML:2.0:protocol" ID="_a"><Issuer xmlns="urn:x">å &amp; ö</Issuer>'
    "<b><![CDATA[<c>]]></b></p:Response>"
).encode()


def reason(document: bytes) -> Reason:
    with pytest.raises(SamlRefusedError) as refused:
        read_xml(document)
    return refused.value.reason


def test_names_texts_and_attributes_are_read() -> None:
    root = read_xml(SAMPLE)
    assert (root.name, root.attributes) == ("{urn:oasis:names:tc:SAML:2.0:protocol}Response", {"ID": "_a"})
    assert [(one.name, one.text) for one in root.children] == [("{urn:x}Issuer", "å & ö"), ("b", "<c>")]


@pytest.mark.parametrize(
    ("document", "expected"),
    [
        (b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', Reason.DOCUMENT_TYPE),
        (b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>', Reason.DOCUMENT_TYPE),
        (b"<a>&b;</a>", Reason.RESPONSE_FORM),
        (b"<a><!-- b --></a>", Reason.RESPONSE_FORM),
        (b"<a><?b c?></a>", Reason.RESPONSE_FORM),
        (b'<?xml version="1.0" encoding="UTF-7"?><a/>', Reason.RESPONSE_FORM),
        (b'<?xml version="1.1"?><a/>', Reason.RESPONSE_FORM),
        ("<a>å</a>".encode("latin-1"), Reason.RESPONSE_FORM),
        ("<a/>".encode("utf-16"), Reason.RESPONSE_FORM),
        (b"<a/><b/>", Reason.RESPONSE_FORM),
        (b'<a b="1" b="2"/>', Reason.RESPONSE_FORM),
        (b"<b:a/>", Reason.RESPONSE_FORM),
        (b"<a" * DEEPEST, Reason.RESPONSE_FORM),
        (b"<a>" * (DEEPEST + 1) + b"</a>" * (DEEPEST + 1), Reason.RESPONSE_FORM),
        (b"<a>" + b"<b/>" * MOST_ELEMENTS + b"</a>", Reason.RESPONSE_FORM),
        (b"<a>" + b" " * LARGEST_DOCUMENT + b"</a>", Reason.RESPONSE_FORM),
        (b'<a ID="x"><b ID="x"/></a>', Reason.SIGNATURE_FORM),
        (b'<a ID="x"><b Id="x"/></a>', Reason.SIGNATURE_FORM),
        (b'<a ID="x"><b xml:id="y"/></a>', Reason.SIGNATURE_FORM),
        (b"", Reason.RESPONSE_FORM),
    ],
)
def test_what_two_readers_could_read_in_two_ways_is_refused(document: bytes, expected: Reason) -> None:
    assert reason(document) is expected


@given(st.binary(max_size=300))
def test_whatever_comes_is_a_tree_or_a_refusal(document: bytes) -> None:
    with suppress(SamlRefusedError):
        read_xml(document)


@given(st.integers(0, len(SAMPLE)), st.integers(0, 20), st.binary(max_size=20))
def test_so_is_a_document_with_something_else_in_it(start: int, removed: int, put: bytes) -> None:
    with suppress(SamlRefusedError):
        assert read_xml(SAMPLE[:start] + put + SAMPLE[start + removed :]).name


@given(st.text(max_size=40))
def test_a_time_is_one_with_its_zone_or_a_refusal(text: str) -> None:
    with suppress(SamlRefusedError):
        assert read_instant(text).utcoffset() is not None


def test_times_are_read_to_the_fraction() -> None:
    assert read_instant("2026-11-29T09:00:00.1234567Z").isoformat() == "2026-11-29T09:00:00.123456+00:00"
    for wrong in ("2026-11-29T09:00:00", "2026-11-29T09:00:00+01:00", "2026-11-29T09:00:00.xZ", "Z", ""):
        with pytest.raises(SamlRefusedError):
            read_instant(wrong)
