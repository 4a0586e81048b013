# SPDX-License-Identifier: GPL-2.0-only
"""Entry point of the ``kvet`` command and of ``python -m kpatch_tools``."""

from kpatch_tools.cli.app import main

if __name__ == "__main__":
    main()
