# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The one exception of this package: bad input raises ScaipError; anything else that comes out is our own bug."""

from enum import StrEnum


class ScaipFault(StrEnum):
    """What was wrong, in a form that can be counted. It never carries a piece of the input."""

    TOO_LARGE = "too_large"
    TOO_MANY_ELEMENTS = "too_many_elements"
    DECLARATIONS = "declarations"  # a document type or entities: no device needs them, attackers do
    NOT_XML = "not_xml"  # not even a first element could be read
    OTHER_DOCUMENT = "other_document"  # readable, but not the kind of body that was asked for
    INCOMPLETE = "incomplete"  # an mrs without a usable ref or snu
    UNSAFE_TEXT = "unsafe_text"  # asked to write something XML cannot hold


class ScaipError(Exception):
    """This body (or these values) cannot be a SCAIP message. `code` says why."""

    def __init__(self, code: ScaipFault) -> None:
        super().__init__(code.value)
        self.code = code
