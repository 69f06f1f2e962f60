# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What partners send: judged, used once, carried out, or refused and kept as refused (term 32)."""
