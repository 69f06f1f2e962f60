# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sigma rules over what the logs say, and what becomes of what they find (term 34)."""
