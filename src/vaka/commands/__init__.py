# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The `vaka` command line: set-up, maintenance, and the supervisor that runs everything on one machine."""
