# SPDX-License-Identifier: GPL-2.0-only
"""The edge: processes, files, git, kernels and virtual machines, one adapter a program."""
