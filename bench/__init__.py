# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Benchmarks: the complete system, beside Kamailio and a plain insert, in one run on one machine (`make bench`)."""
