# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The registry: an authority's care system keeps the register of its people in care. Programs alone reach it."""
