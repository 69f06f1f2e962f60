# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Certificates between machines, of issuers of the installation's own (term 30)."""
