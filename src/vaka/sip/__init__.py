# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SIP without sockets, clocks or logs: bytes in, facts out, and the bytes of an answer (RFC 3261, RFC 3428)."""
