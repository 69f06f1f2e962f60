# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Access: permissions, roles as data, and the one question "may this principal do that here?". No rule means no."""
