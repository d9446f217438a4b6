"""Qwen3 under load by the transformers library: its continuous batching, eager, with nothing captured or compiled."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from transformers import ContinuousBatchingConfig, GenerationConfig

from workloads.engine import Generation
from workloads.engines.transformers_engine import TransformersEngine, open_engine
from workloads.serving import Given, Progress, ServeArguments

BLOCK = 32  # tokens of a block of the cache
LOOK_SECONDS = 0.2
NO_END = -1
LOG = "ContinuousBatchingLogger"  # of the library


def open_server(
    model: str, dtype: str, device: str, arguments: ServeArguments, *, weights: Path | None = None
) -> ContinuousBatching:
    """A model by its name, ready to be started."""
    engine = open_engine(model, dtype, device, weights=weights, attention=arguments.attention)
    return ContinuousBatching(engine, arguments)


class _Errors(logging.Handler):
    """Keeps the last exception that the library wrote to its log: results have only its text."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.last: BaseException | None = None

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.last = record.exc_info[1]


class ContinuousBatching:
    """Meets `workloads.serving.Server`. Generation runs in a thread of the library's; this one waits for its results."""

    counted = "forward passes"
    guarded = (
        "transformers",
        ("transformers.generation", "transformers.models.qwen3", "transformers.modeling_utils"),
    )

    def __init__(self, engine: TransformersEngine, arguments: ServeArguments) -> None:
        self.engine = engine
        self.name = engine.name
        self.arguments = arguments
        self.passes = 0
        self.errors = _Errors()
        logging.getLogger(LOG).addHandler(self.errors)
        blocks = math.ceil((arguments.length + 1) / BLOCK) * min(arguments.concurrent, arguments.requests) + 1
        configuration = ContinuousBatchingConfig(
            block_size=BLOCK,
            num_blocks=blocks,
            max_batch_tokens=arguments.batch_tokens,
            max_requests_per_batch=arguments.concurrent,
            max_blocks_per_request=0,
            safety_margin=0.0,  # there are blocks for all requests at once
            allow_block_sharing=False,  # prompts are random: there is nothing to share, and looking for it takes time
            use_async_batching=False,
            use_cuda_graph=False,
        )
        generation = GenerationConfig(do_sample=False, eos_token_id=NO_END, max_new_tokens=1)
        # Named in full: else the library looks for another attention, and takes what it finds.
        engine.model.set_attn_implementation(f"paged|{arguments.attention}")
        self.loop: Any = engine.model.init_continuous_batching(generation, configuration)
        self.facts = {
            **engine.facts,
            "batching": f"continuous, of the transformers library, eager, at most {arguments.concurrent} requests "
            f"and {arguments.batch_tokens} tokens at once, {blocks} blocks of {BLOCK} tokens",
        }
        engine.model.register_forward_hook(self._passed)

    def _passed(self, *_given: Any) -> None:
        self.passes += 1

    def start(self) -> None:
        self.loop.start()

    def serve(self, prompts: Sequence[Sequence[int]], limit: int, progress: Progress) -> list[Generation]:
        self.passes = 0
        began = time.perf_counter()
        names = self.loop.add_requests([list(prompt) for prompt in prompts], limit, record_timestamps=True)
        done: dict[str, Any] = {}
        while len(done) < len(prompts):
            found = self.loop.get_result(timeout=LOOK_SECONDS)
            progress(self.passes)
            if found is None and not self.loop.is_running():
                self._fail("the generation thread ended")
            elif found is not None and found.error is not None:
                self._fail(found.error)
            elif found is not None and found.is_finished():
                done[found.request_id] = found
        return [_generation(done[name], began) for name in names]

    def _fail(self, said: str) -> None:
        """Raise what the kernel raised, if that is known."""
        self.loop.join(time.perf_counter(), timeout=5)  # it writes the exception down as it ends
        raise self.errors.last or RuntimeError(said)

    def given(self) -> Given:
        """From the model and the cache, not from the arguments."""
        model, settings = self.engine.model, self.loop.continuous_batching_config
        mesh = getattr(model, "_device_mesh", None)
        devices = sorted({str(parameter.device) for parameter in model.parameters()})
        return {
            "tensor parallel": 1 if mesh is None else int(mesh.size()),
            "devices with weights": ", ".join(devices),
            "dtype": str(model.dtype).removeprefix("torch."),
            "attention": str(model.config._attn_implementation),  # noqa: SLF001 - the library offers no other way
            "requests at once": int(settings.max_requests_per_batch or 0),
            "tokens at once": int(settings.max_batch_tokens or 0),
            "cache blocks": int(settings.num_blocks or 0),
            "block size": int(settings.block_size),
            "eager": str(not any(settings.use_cuda_graph or (False,))),
        }

    def stop(self) -> None:
        self.loop.stop(block=True, timeout=LOOK_SECONDS * 10, hard_stop=True)
        self.engine.model.set_attn_implementation(self.arguments.attention)


def _generation(found: Any, began: float) -> Generation:
    times = tuple(time - began for time in found.timestamps or ())
    tokens = tuple(found.generated_tokens)
    return Generation(tokens, "length", times if len(times) == len(tokens) else ())
