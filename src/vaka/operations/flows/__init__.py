# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What flows between whom and how it is protected, held against the sockets that really listen (term 30)."""
