# SPDX-License-Identifier: GPL-2.0-only
"""Contract in, text out; pure."""
