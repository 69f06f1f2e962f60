# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's registers: one engine, and a declaration for each of what stands in it and who moves it."""
