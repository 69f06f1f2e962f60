# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Sends trial alarms as a device does, and looks from inside whether they came (term 21)."""
