# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What processes that answer programs do in one way: who asks, how often, by which certificate; how it is told."""
