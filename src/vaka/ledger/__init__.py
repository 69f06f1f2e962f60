# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The ledger: what happened, who did it, to what. Written with the change, never after it."""
