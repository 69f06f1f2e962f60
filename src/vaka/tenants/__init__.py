# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Authorities: which there are, the only door to each one's database, its people and devices."""
