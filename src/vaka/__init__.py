# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Vaka: receives social alarms for many authorities and proves how it does so."""
