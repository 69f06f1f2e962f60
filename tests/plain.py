# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""For questions over plain HTTP on this machine: a client that need not read whom the machine trusts first.

Reading that list takes some forty milliseconds of work for each client, many times what the question does.
"""

import ssl

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Trusts nobody: over TLS, nothing would be answered."""
