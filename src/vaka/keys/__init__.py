# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Keys: the hierarchy from root to person, the process that holds it, and what is sealed under it."""
