"""What a scenario may name: kinds of workloads with their parameters, engines, models. Literal, and read while planning.

Whoever adds a kind adds its parameters here, a judge in `matrix/inference/`, and a scenario.
"""

from __future__ import annotations

from collections.abc import Mapping

# Kind -> its parameters and what each has to be: `number` (a whole number from 1), `share` (above 0), `text`, `flag`, `numbers`
# (a list of whole numbers from 1), `texts`. All of them have to be given.
PARAMETERS: Mapping[str, Mapping[str, str]] = {
    "annotation": {
        "task": "number",
        "samples": "number",
        "examples": "number",
        "minimum": "number",
        "context": "number",
        "reply": "number",
        "operators": "texts",
        "attention": "text",
    },
    "parity": {"prompts": "number", "length": "number", "generated": "number", "attention": "text"},
}
KINDS = tuple(PARAMETERS)

# Engine -> address of `open_engine(Model, ...)`, resolved in the child process that is judged, and nowhere else.
ENGINES: Mapping[str, str] = {
    "transformers": "workloads.engines.transformers_engine:open_engine",
}
# Engine -> what has to be importable for it, and what to install where it is not.
NEEDED: Mapping[str, Mapping[str, str]] = {
    "transformers": {"transformers": "`pip install transformers==5.17.0`"},
}
MODELS = ("tiny", "qwen3-4b")
TIERS = ("smoke", "quick", "full")
EVIDENCES = ("interpret", "run", "time")
DTYPES = ("float32", "bfloat16", "float16")
