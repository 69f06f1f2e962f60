# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Whether each machine's clock follows an allowed source of Swedish standard time, and all of them agree (term 27)."""
