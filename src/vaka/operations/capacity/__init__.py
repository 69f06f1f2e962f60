# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What an installation has room for: measured, held against thresholds, told before it is too late (term 21)."""
