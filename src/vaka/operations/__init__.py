# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""How an installation is run, and what that leaves as evidence: backup, integrity, time, flows, detection, capacity."""
