# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""One module for each process: reads its settings, opens what it needs, runs. Wiring only."""
