# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The only package that speaks HTTP: addresses and who may use them, safety, pages, the live queue."""
