# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What a file is, by its content, and what hides something (term 23)."""

import struct
import zipfile
from collections.abc import Mapping
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
OPEN = "urn:oasis:names:tc:opendocument:xmlns"
MANIFEST = (
    f'<m:manifest xmlns:m="{OPEN}:manifest:1.0"><m:file-entry m:full-path="content.xml">%s</m:file-entry></m:manifest>'
)
CONTENT = f'''<o:document-content xmlns:o="{OPEN}:office:1.0" xmlns:p="{OPEN}:presentation:1.0"
    xmlns:s="{OPEN}:script:1.0" xmlns:x="http://www.w3.org/1999/xlink">%s</o:document-content>'''
TYPES = b"<Types/>"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def open_document(within: str = "", more: Mapping[str, bytes] | None = None, *, manifest: bytes | None = None) -> bytes:
    """Return what an OpenDocument text is at least, with something in its content."""
    kind, said = b"application/vnd.oasis.opendocument.text", (MANIFEST % "").encode() if manifest is None else manifest
    least = {"mimetype": kind, "content.xml": (CONTENT % within).encode(), "META-INF/manifest.xml": said}
    return packed({**least, **(more or {})})


def related(attributes: str, encoding: str = "utf-8") -> bytes:
    """Return a text document whose settings have such a relationship."""
    said = (
        f'<?xml version="1.0" encoding="{encoding}"?><Relationships><Relationship Id="a" {attributes}/></Relationships>'
    )
    return document({"word/_rels/settings.xml.rels": said.encode(encoding)})


ODT = open_document("<o:scripts/>")


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


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_term_23_3_an_encrypted_open_document_is_refused(encoding: str) -> None:
    """Its manifest tells it, in any spelling that a program reads; or the whole is one member."""
    for said in ("<m:encryption-data/>", '<m:encryption-data m:checksum="x"><m:algorithm/></m:encryption-data>'):
        manifest = f'<?xml version="1.0" encoding="{encoding}"?>{MANIFEST % said}'.encode(encoding)
        assert refusal("a.odt", open_document(manifest=manifest)) is Reason.ENCRYPTED
    plain = f'<?xml version="1.0" encoding="{encoding}"?>{MANIFEST % "<m:other/>"}'.encode(encoding)
    assert tell_kind("a.odt", open_document(manifest=plain)).suffixes == (".odt",)
    assert refusal("a.odt", open_document("", {"encrypted-package": b"x"})) is Reason.ENCRYPTED


def test_term_23_3_an_open_document_whose_content_nobody_can_read_is_refused() -> None:
    """Also where the manifest is silent, is none, or could be read in two ways."""
    kind = b"application/vnd.oasis.opendocument.text"
    assert refusal("a.odt", packed({"mimetype": kind, "content.xml": b"<office/>"})) is Reason.KIND
    assert refusal("a.odt", packed({"mimetype": kind, "META-INF/manifest.xml": b"<m/>"})) is Reason.KIND
    entity = b'<!DOCTYPE m [<!ENTITY e "encryption-data">]><m>&e;</m>'
    for unread in (
        b"",
        b"\x8f\x01",
        b"<m>",
        b"<!DOCTYPE m><m/>",
        entity,
        b'<?xml version="1.0" encoding="cp037"?><m/>',
    ):
        assert refusal("a.odt", open_document(manifest=unread)) is Reason.ARCHIVE, unread
        assert refusal("a.odt", open_document("", {"content.xml": unread})) is Reason.ARCHIVE, unread
        assert refusal("a.odt", open_document("", {"Object 1/content.xml": unread})) is Reason.ARCHIVE, unread
    both = {"[Content_Types].xml": TYPES, "word/document.xml": b"<w/>"}
    assert refusal("a.docx", open_document("", both)) is Reason.KIND, "each program reads its own of two documents"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize(
    "attributes",
    [
        'Type="%s/attachedTemplate" Target="https://example.org/a.dotm" TargetMode="External"',
        'Type="%s/oleObject" Target="file:///a" TargetMode="&#69;xternal"',
        'Type="%s/image" Target="https://example.org/a.png" TargetMode="external"',
        'Type="%s/hyperlink/frame" Target="https://example.org/a" TargetMode="External"',
        'Type="%s/aFChunk" Target="a.html"',
        'Type="http://schemas.microsoft.com/office/2006/relationships/vbaProject" Target="media/picture.bin"',
    ],
)
def test_term_23_4_a_document_that_fetches_something_or_names_a_macro_is_refused(
    attributes: str, encoding: str
) -> None:
    """What is fetched when somebody opens it, no scanner has seen. A macro may lie in a member of any name."""
    said = attributes.replace("%s", RELATIONS)
    assert refusal("a.docx", related(said, encoding)) is Reason.PROGRAM


def test_links_and_parts_of_its_own_are_no_programs() -> None:
    for attributes in (
        f'Type="{RELATIONS}/hyperlink" Target="https://example.org" TargetMode="External"',
        f'Type="{RELATIONS}/image" Target="media/a.png"',
        f'Type="{RELATIONS}/settings" Target="settings.xml" TargetMode="Internal"',
    ):
        assert tell_kind("a.docx", related(attributes)).suffixes == (".docx",)
    link = '<o:a x:href="https://example.org"/><p:event-listener p:action="next-page"/>'
    assert tell_kind("a.odt", open_document(link)).suffixes == (".odt",)


@pytest.mark.parametrize("cut", ["word/_rels/a.xml.rels/[0].piece", "word/_rels/a.xml.RELS/[1].last.piece"])
def test_relationships_that_cannot_be_read_are_refused(cut: str) -> None:
    for members in ({cut: b"<Rel"}, {"_rels/.rels": b"<Rel"}, {"WORD/_RELS/A.XML.RELS": b"<!DOCTYPE a><a/>"}):
        assert refusal("a.docx", document(members)) is Reason.ARCHIVE


@pytest.mark.parametrize(
    "within",
    ['<s:event-listener x:href="vnd.sun.star.script:a.py$b?language=Python&amp;location=share"/>',
     '<o:a x:href=" VND.sun.star.script:a"/>', '<o:a x:href="macro:///a"/>', '<p:event-listener p:action="execute"/>',
     '<s:event-listener p:action="next-page"/>', "<s:event-listener/>"],
)  # fmt: skip
def test_an_open_document_that_starts_a_macro_of_the_machine_is_refused(within: str) -> None:
    """The macro is none of the document's members, but comes with the office program."""
    assert refusal("a.odt", open_document(within)) is Reason.PROGRAM
    styles = (CONTENT % within).encode()
    assert refusal("a.odt", open_document("", {"styles.xml": styles})) is Reason.PROGRAM


@pytest.mark.parametrize(
    "member",
    ["word/vbaProject.bin", "word/activeX/activeX1.bin", "word/embeddings/oleObject1.bin", "xl/VBAPROJECT.BIN"],
)
def test_a_document_with_a_program_in_it_is_refused(member: str) -> None:
    assert refusal("a.docx", document({member: b"x"})) is Reason.PROGRAM


def test_macros_are_refused_by_what_a_document_calls_itself() -> None:
    types = b'<Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/>'
    for said in (types, b"\xff\xfe" + types.decode().encode("utf-16-le")):
        assert refusal("a.docx", packed({"[Content_Types].xml": said, "word/document.xml": b"x"})) is Reason.PROGRAM
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
