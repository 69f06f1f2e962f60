# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The field of a form in which what a security key said comes."""

from typing import Annotated

from pydantic import Field

from vaka.identity.guard import LONGEST_ANSWER

KeyAnswer = Annotated[str, Field(max_length=LONGEST_ANSWER)]
"""Empty the first time."""
