# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""SCAIP, the language of social alarm devices, without I/O: what a body says, what it means, how it is answered."""
