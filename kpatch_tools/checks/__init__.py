# SPDX-License-Identifier: GPL-2.0-only
"""Model in, findings out; pure, one rule family a module."""
