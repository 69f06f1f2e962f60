# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""A demo: three invented authorities with invented people and devices, the same ones from the same seed."""
