# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What became of trial alarms: told by whoever sends them, read by the terms and the pages (term 21)."""
