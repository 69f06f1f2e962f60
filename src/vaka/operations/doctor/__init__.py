# SPDX-FileCopyrightText: 2026 The Vaka contributors
# SPDX-License-Identifier: EUPL-1.2
"""What is wrong on this machine, a sentence each, and how it is mended. It only looks."""
