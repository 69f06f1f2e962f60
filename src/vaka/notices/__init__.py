# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""Notices: what an authority is told of when it happens, where it wants to be told, and that it was."""
