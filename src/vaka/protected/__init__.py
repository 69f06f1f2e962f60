# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Protected configuration: what was accepted, what is so now, and who is told where the two differ (term 17)."""
