# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Cryptography: the policy, as data, and the few operations that keep to it."""
