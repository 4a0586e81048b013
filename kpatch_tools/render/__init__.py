# SPDX-License-Identifier: GPL-2.0-only
"""Report in, text out; pure, one format a module."""
