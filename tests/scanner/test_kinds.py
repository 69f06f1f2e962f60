# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a file is, by its content, and what hides something (term 23)."""

import struct
import zipfile
from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.scanner.clamav import document, packed
from vaka.scanning.archives import MOST_MEMBERS, read_members
from vaka.scanning.kinds import KINDS, tell_kind, tidy_name
from vaka.scanning.refusing import FileRefusedError, Reason
from vaka.web.documents import Document, write_pdf

PDF = write_pdf(Document("Rutin", "sv", ("För nycklar",), (), "Sida %d"))
PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(17) + b"\x00\x00\x00\x00IEND\xaeB`\x82"
JPEG = b"\xff\xd8\xff\xe0" + bytes(20) + b"\xff\xd9"
ODT = packed({"mimetype": b"application/vnd.oasis.opendocument.text", "content.xml": b"<office/>"})


def refusal(name: str, data: bytes) -> Reason:
    with pytest.raises(FileRefusedError) as refused:
        tell_kind(name, data)
    return refused.value.reason


@pytest.mark.parametrize(
    ("name", "data", "media_type"),
    [
        ("Rutin.PDF", PDF, "application/pdf"),
        ("a.png", PNG, "image/png"),
        ("a.jpeg", JPEG, "image/jpeg"),
        ("a.txt", "åäö\r\n\tx".encode(), "text/plain"),
        ("a.csv", b"\xef\xbb\xbfa;b\n1;2\n", "text/csv"),
        ("a.docx", document(), "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
        ("a.odt", ODT, "application/vnd.oasis.opendocument.text"),
    ],
)
def test_each_kind_is_known_by_its_content(name: str, data: bytes, media_type: str) -> None:
    kind = tell_kind(name, data)
    assert kind.media_type == media_type
    assert kind in KINDS
    others = {suffix for one in KINDS for suffix in one.suffixes} - set(kind.suffixes)
    for other in {*others, ".exe", ".bat", ".html", ""} - {".csv", ".txt"}:
        assert refusal(f"a{other}", data) is Reason.NAME, "a name that says something else"


@pytest.mark.parametrize(
    "data", [b"MZ\x90\x00", b"\x7fELF", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c", b"a\x00b", b"\xff\xfea\x00", b"\x89PNG"]
)
def test_what_is_none_of_them_is_refused(data: bytes) -> None:
    assert refusal("a.pdf", data) is Reason.KIND
    assert refusal("a.zip", packed({"a.txt": b"a"})) is Reason.KIND


def test_term_23_3_an_encrypted_file_is_refused() -> None:
    """An archive by its members' flags, a PDF by its trailer; what Word locks with a password is no ZIP at all."""
    whole = bytearray(document())
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        at = -1
        while (at := whole.find(mark, at + 1)) >= 0:
            whole[at + offset] |= 0x1
    assert refusal("a.docx", bytes(whole)) is Reason.ENCRYPTED
    assert refusal("a.pdf", PDF.replace(b"/Info", b"/Encrypt 9 0 R /Info", 1)) is Reason.ENCRYPTED
    assert refusal("a.docx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)) is Reason.KIND


@pytest.mark.parametrize(
    "member",
    ["word/vbaProject.bin", "word/activeX/activeX1.bin", "word/embeddings/oleObject1.bin", "xl/VBAPROJECT.BIN"],
)
def test_a_document_with_a_program_in_it_is_refused(member: str) -> None:
    assert refusal("a.docx", document({member: b"x"})) is Reason.PROGRAM


def test_macros_are_refused_by_what_a_document_calls_itself() -> None:
    types = b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
    assert refusal("a.docx", packed({"[Content_Types].xml": types, "word/document.xml": b"x"})) is Reason.PROGRAM
    open_one = {"mimetype": b"application/vnd.oasis.opendocument.text", "Basic/Standard/a.xml": b"sub"}
    assert refusal("a.odt", packed(open_one)) is Reason.PROGRAM


@pytest.mark.parametrize(
    "inner",
    [packed({"a": b"x"}), b"Rar!\x1a\x07\x00", b"\x1f\x8b\x08", b"\xd0\xcf\x11\xe0", b"MZ", bytes(257) + b"ustar"],
)
def test_an_archive_in_an_archive_is_refused(inner: bytes) -> None:
    assert refusal("a.docx", document({"word/a.xml": inner})) is Reason.ARCHIVE
    assert refusal("a.pdf", PDF.replace(b"/Info", b"/EmbeddedFiles 9 0 R /Info", 1)) is Reason.ARCHIVE


def test_an_archive_that_is_too_much_is_refused() -> None:
    many = {f"word/{one}.xml": b"" for one in range(MOST_MEMBERS)}
    several = {f"word/{one}.xml": bytes(range(256)) * 16_000 for one in range(7)}
    for members in (many, several, {"word/zeros.xml": bytes(70_000)}, {"word/large.xml": bytes(5 * 1024 * 1024)}):
        assert refusal("a.docx", document(members)) is Reason.ARCHIVE


def test_nothing_lies_before_between_or_behind_the_members() -> None:
    """There one program reads what another does not: each of them is refused, and so is a size that lies."""
    whole = document()
    directory = whole.find(b"PK\x01\x02")
    shifted = bytearray(whole[:directory] + b"hidden" + whole[directory:])
    struct.pack_into("<I", shifted, shifted.rfind(b"PK\x05\x06") + 16, directory + 6)
    commented = BytesIO(whole)
    with zipfile.ZipFile(commented, "a") as archive:
        archive.comment = b"hidden"
    small = bytearray(whole)
    struct.pack_into("<I", small, directory + 24, 3)
    for broken in (bytes(shifted), commented.getvalue(), bytes(small), whole + b"hidden", whole[:-30]):
        assert refusal("a.docx", broken) is Reason.ARCHIVE


def test_the_same_name_twice_is_refused() -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        archive.writestr("a.xml", b"1")
        with pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("a.xml", b"2")
    with pytest.raises(FileRefusedError):
        read_members(out.getvalue())


def test_a_stream_of_a_writer_that_did_not_know_the_size_is_read() -> None:
    """Office programs write sizes behind the data (descriptors)."""

    class Unseekable(BytesIO):
        def seekable(self) -> bool:
            return False

    out = Unseekable()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", b"<Types/>")
        archive.writestr("word/document.xml", b"<w:document/>" * 100)
    assert tell_kind("a.docx", out.getvalue()).suffixes == (".docx",)


@pytest.mark.parametrize("sent", ["", ".", "..", "/", "a/", ".htaccess", "a\x00.txt", "fdp.‮txt", "a" * 151, "\n"])
def test_a_name_that_cannot_be_shown_is_refused(sent: str) -> None:
    with pytest.raises(FileRefusedError):
        tidy_name(sent)


def test_of_a_path_only_the_name_is_left() -> None:
    assert tidy_name("../../etc/Rutin åäö.txt") == "Rutin åäö.txt"
    assert tidy_name("C:\\a\\b.pdf ") == "b.pdf"


@given(st.binary(max_size=400))
def test_whatever_comes_is_a_kind_or_refused(data: bytes) -> None:
    for sent in (data, b"PK\x03\x04" + data, document() + data):
        try:
            tell_kind("a.docx", sent)
        except FileRefusedError:
            continue
