# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The sign-in page. It knows accounts and sessions, and nothing of alarms or of authorities' data."""
