# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What devices talk to: sockets around the codecs, who may speak for whom, and storing before answering."""
