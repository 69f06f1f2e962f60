# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sentences that say how many: one text for each language, with the form for one and the form for any other number.

``{count} [port|portar] nås utifrån`` is said as ``1 port nås utifrån`` or ``2 portar nås utifrån``. Swedish and English
have the same two forms; none and many share the second.
"""

import re

from vaka.errors import Sentence

_FORMS = re.compile(r"\[([^\[\]|]*)\|([^\[\]|]*)\]")


def counted(said: Sentence, count: int) -> Sentence:
    """Return what is said of so many.

    Only for text of our own: what others wrote is joined to the result, so that nobody's brackets are taken for forms.
    """
    return Sentence(sv=_fill(said.sv, count), en=_fill(said.en, count))


def _fill(text: str, count: int) -> str:
    return _FORMS.sub(r"\1" if count == 1 else r"\2", text).replace("{count}", str(count))
