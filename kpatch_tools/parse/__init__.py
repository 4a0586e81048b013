# SPDX-License-Identifier: GPL-2.0-only
"""Text in, model out; pure, one format a module."""
