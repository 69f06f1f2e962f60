# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""The authorities' portal: the log of one's own authority, read, searched and taken out."""
