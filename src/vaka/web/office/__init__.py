# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The supplier's office: administrators, and what they decide together. No alarm, nobody in care."""
