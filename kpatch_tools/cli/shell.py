# SPDX-License-Identifier: GPL-2.0-only
"""What click's completion lacks for bash: words with a colon, and names beside files."""

import os
from typing import ClassVar

from click.shell_completion import BashComplete, add_completion_class, split_arg_string

# bash takes a colon for the end of a word, so debian:6.1 is three to it: kvet gets the line as it was typed,
# and of a name only what stands behind the colon goes back.
_BASH = """\
%(complete_func)s() {
    local typed="${COMP_LINE:0:COMP_POINT}" before="" item word
    word="${typed##*[[:space:]]}"
    [[ $word == --*=* ]] && word="${word#*=}"
    [[ $COMP_WORDBREAKS == *:* && $word == *:* ]] && before="${word%%:*}:"
    COMPREPLY=()
    while IFS= read -r item; do
        case $item in
        file,*) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -f -- "$word"); compopt -o filenames ;;
        dir,*) mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -d -- "$word"); compopt -o filenames ;;
        plain,*) item="${item#plain,}"; COMPREPLY+=("${item#"$before"}") ;;
        esac
    done < <(COMP_WORDS="$typed" %(complete_var)s=bash_complete "$1")
}
complete -o nosort -F %(complete_func)s %(prog_name)s
"""


class Bash(BashComplete):
    """click's, with a script of our own and the typed line instead of the words that bash makes of it."""

    source_template: ClassVar[str] = _BASH

    @staticmethod
    def _check_version() -> None:
        """The script may be made where there is no bash, for a package say."""

    def get_completion_args(self) -> tuple[list[str], str]:
        """The words before the cursor without the program, and what is typed of the last one."""
        line = os.environ["COMP_WORDS"]
        words = split_arg_string(line)[1:]
        if not words or line[-1:].isspace():
            return words, ""
        return words[:-1], words[-1]


def teach() -> None:
    """Let click know of it."""
    add_completion_class(Bash, "bash")
