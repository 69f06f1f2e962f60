# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Alarms: their life cycle, what the desk reads, what operators do, escalation and supervision."""
