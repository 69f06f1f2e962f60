# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Devices as they really behave, over real SIP: for demonstrations, for technicians and for tests of any receiver."""
