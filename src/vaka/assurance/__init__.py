# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The 37 terms of information security: what must be so, by which evidence that is seen, and how each stands now."""
