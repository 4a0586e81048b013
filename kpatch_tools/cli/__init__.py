# SPDX-License-Identifier: GPL-2.0-only
"""The command line: click lives here and nowhere else."""
