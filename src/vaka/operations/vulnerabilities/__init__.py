# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is published of vulnerabilities, held against what runs, and who is told of what was found (term 29)."""
