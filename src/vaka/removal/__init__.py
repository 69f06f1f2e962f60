# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Removal: how long an authority keeps alarms, messages and notes, who decided it, and what goes by night."""
