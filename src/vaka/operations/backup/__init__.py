# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Backups of databases and files at another site, and whether they can be restored (term 24)."""
