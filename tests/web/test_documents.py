# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A report as a document is read by another's reader: letters, pages, title, language; nothing in it is markup."""

import io
import re

from pypdf import PdfReader

from vaka.web.documents import MOST_ROWS, Document, Part, write_pdf


def read(document: Document) -> tuple[PdfReader, list[str]]:
    reader = PdfReader(io.BytesIO(write_pdf(document)))
    return reader, [re.sub(r"\s+", " ", page.extract_text()) for page in reader.pages]


def document(rows: list[list[str]], language: str = "sv") -> Document:
    part = Part("Var och en", ["Åtgärder"], ["Post", "Vem"], rows, (0.3, 0.7))
    return Document("Behörigheter på Åsö", language, ["Åsö kommun", "<b>Gjord</b> & klar"], [part], "Sida %d", "Åsö")


def test_swedish_letters_and_marks_stand_as_they_were_written() -> None:
    reader, [text] = read(document([["1", "Örjan Äng & Co <script>"]]))
    for said in ("Behörigheter på Åsö", "Åsö kommun", "<b>Gjord</b> & klar", "Örjan Äng & Co <script>", "Sida 1"):
        assert said in text
    assert reader.metadata is not None
    assert (reader.metadata.title, str(reader.root_object["/Lang"])) == ("Behörigheter på Åsö", "sv-SE")
    assert str(read(document([], "en"))[0].root_object["/Lang"]) == "en-GB"


def test_every_page_has_its_number_and_the_head_of_the_table() -> None:
    _, pages = read(document([[str(number), "x" * 300] for number in range(200)]))
    assert len(pages) > 3
    for number, text in enumerate(pages, 1):
        assert f"Sida {number}" in text
        assert "Post Vem" in text


def test_a_document_has_an_end() -> None:
    _, pages = read(document([[str(number), "x"] for number in range(MOST_ROWS + 5)]))
    numbers = {int(one) for one in re.findall(r"\b(\d+) x\b", " ".join(pages))}
    assert max(numbers) == MOST_ROWS - 1


def test_every_face_is_in_the_document() -> None:
    """Whoever reads it years later needs no typeface of ours."""
    reader, _ = read(document([["1", "x"]]))
    fonts = [font.get_object() for font in reader.pages[0]["/Resources"]["/Font"].values()]  # type: ignore[index]
    embedded = [font for font in fonts if "/FontFile2" in font.get("/FontDescriptor", {})]
    assert {str(font["/BaseFont"]).partition("+")[2] for font in embedded} >= {"SourceSansPro-Regular"}
