# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The operators' desk: the live queue, the alarm's screen, the acts, the history."""
