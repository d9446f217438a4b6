"""What models there are: their configurations as data, and whether a folder holds one of them. It imports no torch.

qwen3-4b.json is the configuration that Qwen publishes with Qwen3-4B (36 layers, hidden 2560, vocabulary 151936), without the
fields that name versions. tiny.json has the same structure, so that the same operators run.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
# The model whose weights a user may bring.
OFFICIAL = "qwen3-4b"
CONFIGURATION = "config.json"
# What the transformers library calls the same thing since version 5.
RENAMED = {"rope_theta": ("rope_parameters", "rope_theta")}
# Fields that change nothing of what is computed; special tokens are the tokenizer's.
FREE = (
    "initializer_range",
    "max_window_layers",
    "use_cache",
    "bos_token_id",
    "eos_token_id",
    "max_position_embeddings",
)


class ModelError(ValueError):
    """A folder does not hold the model that it should: all differences, one a line."""


@cache
def configuration(model: str) -> Mapping[str, Any]:
    """The configuration of a model by its name. Raises ModelError for a name that is none."""
    path = FOLDER / f"{model}.json"
    if not path.is_file():
        known = ", ".join(sorted(path.stem for path in FOLDER.glob("*.json")))
        raise ModelError(f"{model!r} is no model; there are {known}")
    found: Mapping[str, Any] = json.loads(path.read_text())
    return found


def check_folder(folder: Path, model: str = OFFICIAL) -> None:
    """See that a folder holds weights and tokenizer of a model, as far as its configuration tells.

    Raises ModelError with every difference at once.
    """
    path = folder / CONFIGURATION
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); name a folder with the weights of {model}"
        ) from None
    except ValueError as error:
        raise ModelError(f"{path}: is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ModelError(f"{path}: is a {type(found).__name__}; a configuration is an object")
    problems = differences(found, configuration(model), str(path))
    if not any(folder.glob("*.safetensors")):
        problems.append(f"{folder}: has no *.safetensors; weights are read from those")
    if not (folder / "tokenizer.json").is_file():
        problems.append(f"{folder}: has no tokenizer.json")
    if problems:
        raise ModelError("\n".join(problems))


def differences(found: Mapping[str, Any], due: Mapping[str, Any], where: str) -> list[str]:
    """One sentence for each field that decides what is computed and is not as the official configuration has it."""
    return [
        f"{where}: {name} is {_value(found, name)!r}; the official configuration has {value!r}"
        for name, value in due.items()
        if name not in FREE and _value(found, name) != value
    ]


def _value(found: Mapping[str, Any], name: str) -> Any:
    if name not in found and name in RENAMED:
        outer, inner = RENAMED[name]
        holder = found.get(outer)
        return holder.get(inner) if isinstance(holder, dict) else None
    return found.get(name)
