# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Files from outside: what they are, whether a scanner can look into them, and what it says (term 23)."""
