# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Reports as documents to keep (PDF), in the face of the pages: a heading, what it is, tables, and numbered pages.

The library writes no tags, so a screen reader follows the order of the text; title and language are said.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from xml.sax.saxutils import escape

from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, LongTable, PageTemplate, Paragraph, Spacer, TableStyle

from vaka.web.assets import Reviewed, read_reviewed

MEDIA_TYPE = "application/pdf"
MOST_ROWS = 1000
"""Rows of a table: a page holds some thirty, and nobody reads more in a document."""
_FACES = {
    "Vaka": Reviewed(
        "font_source_sans_pro", "files/SourceSansPro-Regular.ttf",
        "b77f3a700edd0fc0dec73258f882d5c3926c77f5caf6800a201d2166568d2309",
    ),
    "VakaStrong": Reviewed(
        "font_source_sans_pro", "files/SourceSansPro-Semibold.ttf",
        "b440fd42fd5a54e1b252731deca9cc86604bee6ffa99281f5874c3476eb17eae",
    ),
}  # fmt: skip
_MARGIN = 18 * mm
_TEXT = ParagraphStyle("text", fontName="Vaka", fontSize=9.5, leading=13, spaceAfter=4)
_CELL = ParagraphStyle("cell", parent=_TEXT, fontSize=8, leading=10, spaceAfter=0, splitLongWords=1)
_HEAD = ParagraphStyle("head", parent=_CELL, fontName="VakaStrong")
_TITLE = ParagraphStyle("title", fontName="VakaStrong", fontSize=18, leading=22, spaceAfter=6)
_SECTION = ParagraphStyle("section", fontName="VakaStrong", fontSize=12, leading=16, spaceBefore=10, spaceAfter=4)
_LINES = TableStyle(
    [("LINEBELOW", (0, 0), (-1, -1), 0.4, HexColor("#b8c0c6")), ("VALIGN", (0, 0), (-1, -1), "TOP"),
     ("LEFTPADDING", (0, 0), (-1, -1), 2), ("RIGHTPADDING", (0, 0), (-1, -1), 4)]
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Part:
    """A section: a heading, what is said, and a table where there is one."""

    heading: str
    text: Sequence[str] = ()
    columns: Sequence[str] = ()
    rows: Sequence[Sequence[str]] = ()
    """Each as long as ``columns``; at most :data:`MOST_ROWS`."""
    widths: Sequence[float] = ()
    """How wide each column is, in shares of one."""


@dataclass(frozen=True, slots=True)
class Document:
    """A report."""

    title: str
    language: str
    about: Sequence[str]
    """What stands below the title: of whom, when it was made, how it is held against the log."""
    parts: Sequence[Part]
    page_word: str
    """What a page is called, with ``%d`` for its number."""
    foot: str = ""
    """What stands at the foot of each page."""


async def make_pdf(document: Document) -> bytes:
    """Return the document, made beside whatever else the process does."""
    return await asyncio.to_thread(write_pdf, document)


def write_pdf(document: Document) -> bytes:
    """Return the document as PDF. What stands in it is text: nothing of it is understood as markup."""
    _register_faces()
    out = BytesIO()
    template = BaseDocTemplate(
        out, pagesize=A4, leftMargin=_MARGIN, rightMargin=_MARGIN, topMargin=_MARGIN, bottomMargin=_MARGIN + 6 * mm,
        title=document.title, author="Vaka", subject=document.about[0] if document.about else "",
        lang={"sv": "sv-SE"}.get(document.language, "en-GB"),
    )  # fmt: skip
    frame = Frame(template.leftMargin, template.bottomMargin, template.width, template.height, 0, 0, 0, 0)

    def draw_foot(canvas: Canvas, made: BaseDocTemplate) -> None:
        canvas.setFont("Vaka", 8)
        canvas.drawString(_MARGIN, _MARGIN, document.foot)
        canvas.drawRightString(A4[0] - _MARGIN, _MARGIN, document.page_word % made.page)

    template.addPageTemplates([PageTemplate("page", [frame], onPage=draw_foot)])
    template.build(_flow(document, template.width))
    return out.getvalue()


def _flow(document: Document, width: float) -> list[Flowable]:
    flow: list[Flowable] = [Paragraph(escape(document.title), _TITLE)]
    flow += [Paragraph(escape(line), _TEXT) for line in document.about]
    for part in document.parts:
        flow.append(Paragraph(escape(part.heading), _SECTION))
        flow += [Paragraph(escape(line), _TEXT) for line in part.text]
        if part.rows:
            cells = [[Paragraph(escape(one), _HEAD) for one in part.columns]]
            cells += [[Paragraph(escape(one), _CELL) for one in row] for row in part.rows[:MOST_ROWS]]
            widths = [share * width for share in part.widths] or None
            flow += [LongTable(cells, colWidths=widths, repeatRows=1, style=_LINES, hAlign="LEFT"), Spacer(1, 4 * mm)]
    return flow


@cache
def _register_faces() -> None:
    for name, reviewed in _FACES.items():
        pdfmetrics.registerFont(TTFont(name, BytesIO(read_reviewed(reviewed))))
