# SPDX-License-Identifier: GPL-2.0-only
"""The vocabulary: values without I/O that every other layer speaks in."""
