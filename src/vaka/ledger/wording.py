# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What people may write into the ledger in their own words: it stays for ever, and must name nobody."""

import re

_PERSONAL_NUMBER = re.compile(r"(?<![0-9])[0-9]{6,8}\s*[-+–]?\s*[0-9]{4}(?![0-9])")
_PHONE = re.compile(r"(?<![0-9])(?:\+46|0046|0)[\s-]*[1-9](?:[\s-]*[0-9]){6,9}(?![0-9])")
_MAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


def seems_personal(text: str) -> bool:
    """Whether a text holds what looks like a personal number, a telephone number or a mail address.

    Names cannot be told from other words; whoever writes is asked not to write any.
    """
    return any(pattern.search(text) for pattern in (_PERSONAL_NUMBER, _PHONE, _MAIL))
