# SPDX-License-Identifier: GPL-2.0-only
"""Faults that documents of the kernel had: real ones as labels, and the means to put new ones in."""
