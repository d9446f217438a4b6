"""Plug-ins through which an engine lets a provider in on a chip: how each is switched, and how it proves that it was on.

vllm-plugin-FL reads its environment when it is loaded and registers itself for the whole process; without VLLM_FL_STRICT it
falls back in silence. FLAGGEMS_ENABLE_OPLIST_PATH names a file in which it lists the operators that it replaced: that
file has to be filled where it is on, and must not be where it is off.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Plugin:
    """A plug-in of an engine.

    module   what is importable where it is installed
    on, off  the environment that switches it;  listed: the variable that names the file of replaced operators
    """

    module: str
    remedy: str
    on: Mapping[str, str]
    off: Mapping[str, str]
    listed: str


# Engine -> the plug-in by which its rows are carried on a chip.
PLUGINS: Mapping[str, Plugin] = {
    "vllm": Plugin(
        module="vllm_fl",
        remedy="install vllm-plugin-FL (the branch that is for this vLLM): its rows are carried by it on a chip",
        on={"VLLM_PLUGINS": "fl", "USE_FLAGGEMS": "1", "VLLM_FL_PREFER": "flagos", "VLLM_FL_STRICT": "1"},
        off={"VLLM_PLUGINS": "", "USE_FLAGGEMS": "0"},
        listed="FLAGGEMS_ENABLE_OPLIST_PATH",
    ),
}
