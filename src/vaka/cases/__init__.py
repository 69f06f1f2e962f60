# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Incidents and vulnerabilities as cases, whom they touch, whom one reaches there, and what was said (terms 34, 35)."""
