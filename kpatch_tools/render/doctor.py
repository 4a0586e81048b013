# SPDX-License-Identifier: GPL-2.0-only
"""What `kvet doctor` found -> lines for a terminal, or JSON."""

import json

from kpatch_tools.model.capability import Capability, State, can_run, packages
from kpatch_tools.render.escape import json_text, terminal

SCHEMA = 1


def text(capabilities: tuple[Capability, ...]) -> str:
    """One line a capability; below it what for and the cure, where something is to be mended."""
    width = max((len(item.name) for item in capabilities), default=0)
    lines = []
    for item in capabilities:
        lines.append(f"{item.state.value:<8}  {item.name:<{width}}  {terminal(item.detail)}")
        if item.state is not State.OK:
            need = "needed for" if item.required else "optional, for"
            lines.append(f"{'':<8}  {'':<{width}}  {need}: {item.purpose}")
            lines.append(f"{'':<8}  {'':<{width}}  mend: {terminal(item.cure)}")
    wanted = packages(capabilities)
    if wanted:
        lines += ["", f"all packages at once: apt-get install -y {' '.join(wanted)}"]
    verdict = "kvet review can run here" if can_run(capabilities) else "kvet review cannot run here"
    return "\n".join([*lines, "", verdict, ""])


def as_json(capabilities: tuple[Capability, ...], *, tool: str) -> str:
    """The same as one JSON object; ``schema`` changes when a key changes its meaning."""
    document = {
        "schema": SCHEMA,
        "tool": tool,
        "can_review": can_run(capabilities),
        "packages": packages(capabilities),
        "capabilities": [
            {
                "name": item.name,
                "state": item.state.value,
                "detail": item.detail,
                "purpose": item.purpose,
                "required": item.required,
                "cure": item.cure,
            }
            for item in capabilities
        ],
    }
    return json_text(json.dumps(document, indent=2, ensure_ascii=False)) + "\n"
