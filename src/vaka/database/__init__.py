# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""PostgreSQL: the embedded cluster, roles, migrations, connections and named queries."""
