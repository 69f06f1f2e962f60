# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files that are kept after a scanner found nothing in them: at registers, in cases and in questions (term 23)."""
