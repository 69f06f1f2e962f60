# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether what runs is what was released, tested and approved (terms 17, 20, 22, 28 and 33)."""
