# SPDX-License-Identifier: GPL-2.0-only
"""Sphinx's configuration of kvet's site: its own files only, nothing is asked of a network."""

import sys
from pathlib import Path

from kpatch_tools import __version__

sys.path.insert(0, str(Path(__file__).resolve().parent / "_ext"))

project = "kvet"
author = "the developers of kvet"
project_copyright = "GPL-2.0-only"
version = release = __version__
extensions = ["reference"]
exclude_patterns = ["screens", "examples"]
# What is not said to be something else is a literal: `x` would be a guess.
default_role = "code"
nitpicky = True
smartquotes = False
highlight_language = "none"
html_theme = "alabaster"
html_static_path = ["_static"]
html_css_files = ["kvet.css"]
html_title = f"kvet {release}"
html_show_copyright = False
html_copy_source = False
html_theme_options = {
    "description": "takes a kernel patch series to a verdict, with evidence",
    "fixed_sidebar": False,
    "page_width": "70rem",
    "show_powered_by": False,
    "font_family": "system-ui, sans-serif",
    "head_font_family": "system-ui, sans-serif",
    "code_font_family": "ui-monospace, monospace",
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
