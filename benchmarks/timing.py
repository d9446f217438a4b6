"""Is the stopwatch right, and does it see what it must? On a machine with a device; docs/performance.md has the figures.

    python -m benchmarks.timing [--device cuda] [--out FILE]

1. Medians of torch's own operators against `triton.testing.do_bench`, which times one call after another: how far apart, and
how far
   several runs of each are from one another, for the median and for a speed-up of two (two calls of do_bench against blocks
   of ABBA).
2. A planted slowdown of 3 % (3 % more elements in a copy that the memory bounds), and identical code: how often it is reported.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import torch

from matrix.timing.device import conditions, device_name, launch_floor, peak_arithmetic, peak_bandwidth
from matrix.timing.measuring import Contender, measure
from matrix.timing.stopwatch import stopwatch_of
from reports.speed import MARGIN

RUNS = 5
TRIES = 20
PLANTED = 1.03
SIDE = 4096
LEAST = 20e-6  # seconds: kernels that take less are listed and not counted

Call = Callable[[], Any]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--device", default="cuda")
    options.add_argument("--out", type=Path, help="where to write all numbers, as JSON")
    asked = options.parse_args()
    started = time.perf_counter()
    found = {
        "device": device_name(asked.device),
        "torch": torch.__version__,
        "bandwidth": peak_bandwidth(asked.device),
        "bf16": peak_arithmetic(asked.device, torch.bfloat16),
        "floor": launch_floor(asked.device),
        "conditions": conditions(asked.device),
        "agreement": [compare(name, call, asked.device) for name, call in operators(asked.device)],
        "planted": [detect(size, asked.device) for size in (1 << 24, 1 << 26)],
    }
    show(found)
    print(f"{time.perf_counter() - started:.0f} s on {found['device']}")
    if asked.out:
        asked.out.write_text(json.dumps(found, indent=1))


def operators(device: str) -> Iterator[tuple[str, Call]]:
    """Torch's own operators on data that no cache holds, most of them over 20 us on a fast device."""
    generator = torch.Generator().manual_seed(0)

    def random(*shape: int, dtype: torch.dtype = torch.float16) -> torch.Tensor:
        return torch.rand(*shape, generator=generator).to(device=device, dtype=dtype)

    x, y, z = random(SIDE, SIDE), random(SIDE, SIDE), random(SIDE, SIDE, dtype=torch.float32)
    small, batch = random(1024, 1024), random(32, 512, 128)
    index = torch.randint(0, SIDE, (SIDE,), generator=generator).to(device)
    image, weight = random(16, 64, 56, 56), random(64, 64, 3, 3)
    functional = torch.nn.functional
    unary: dict[str, Callable[[torch.Tensor], torch.Tensor]]
    unary = {"exp": torch.exp, "tanh": torch.tanh, "gelu": functional.gelu, "silu": functional.silu, "neg": torch.neg}
    unary |= {"sigmoid": torch.sigmoid, "rsqrt": torch.rsqrt, "relu": torch.relu}
    for name, function in unary.items():
        yield name, partial(function, x)
    yield "add", lambda: x + y
    yield "mul float32", lambda: z * z
    yield "where", lambda: torch.where(x > 0.5, x, y)
    yield "sum", lambda: x.sum(-1)
    yield "max", lambda: x.max(-1)
    yield "cumsum", lambda: x.cumsum(-1)
    yield "softmax", lambda: x.softmax(-1)
    yield "softmax float32", lambda: z.softmax(-1)
    yield "layer_norm", lambda: functional.layer_norm(x, (SIDE,))
    yield "sort", lambda: small.sort(-1)
    yield "topk", lambda: small.topk(16, -1)
    yield "mm", lambda: x @ y
    yield "mm 1024", lambda: small @ small
    yield "bmm", lambda: batch @ batch.transpose(1, 2)
    yield "index_select", lambda: x.index_select(0, index)
    yield "cat", lambda: torch.cat([x, y])
    yield "conv2d", lambda: functional.conv2d(image, weight, padding=1)
    yield "transpose", lambda: x.t().contiguous()


def compare(name: str, call: Call, device: str) -> dict[str, Any]:
    """Several runs of both stopwatches, in turn."""
    from triton.testing import do_bench

    peer, ours, peer_ratio, our_ratio = [], [], [], []
    for _ in range(RUNS):
        one, other = (do_bench(call, return_mode="median") / 1000 for _ in range(2))
        peer.append(one)
        peer_ratio.append(one / other)
        found = measure(Contender(call), Contender(call), stopwatch_of(device))
        ours.append(statistics.median(lap.seconds for lap in found.baseline))
        our_ratio.append(found.speedup.median)
    middle = statistics.median(peer)
    return {
        "name": name,
        "seconds": statistics.median(ours),
        "apart": statistics.median(ours) / middle - 1,
        "spread": spread(ours),
        "peer_spread": spread(peer),
        "ratio_spread": spread(our_ratio),
        "peer_ratio_spread": spread(peer_ratio),
        "counted": middle >= LEAST,
    }


def spread(values: list[float]) -> float:
    """From the least to the most, as a share of the median."""
    return (max(values) - min(values)) / statistics.median(values)


def detect(size: int, device: str) -> dict[str, Any]:
    """How often a planted slowdown is reported, and identical code accused."""
    source = torch.rand(int(size * PLANTED), device=device)
    target = torch.empty_like(source)

    def copy(count: int) -> Contender:
        return Contender(lambda: target[:count].copy_(source[:count]))

    planted, same, false = [], [], 0
    for _ in range(TRIES):
        planted.append(measure(copy(size), copy(source.numel()), stopwatch_of(device)).speedup)
        same.append(measure(copy(size), copy(size), stopwatch_of(device)).speedup)
        found = same[-1]
        assert found.low is not None
        assert found.high is not None
        false += found.high < 1 - MARGIN or found.low > 1 + MARGIN
    return {
        "elements": size,
        "found": sum(found.high is not None and found.high < 1 - MARGIN for found in planted),
        "false": false,
        "tries": TRIES,
        "planted": [found.median for found in planted],
        "same": [found.median for found in same],
    }


def show(found: dict[str, Any]) -> None:
    """For a person."""
    for item in found["agreement"]:
        print(
            f"{item['name']:16} {1e6 * item['seconds']:8.1f} us  apart {100 * item['apart']:+.2f} %  spread "
            f"{100 * item['spread']:.2f} % against {100 * item['peer_spread']:.2f} %; of a ratio "
            f"{100 * item['ratio_spread']:.2f} % against {100 * item['peer_ratio_spread']:.2f} %"
            + ("" if item["counted"] else "  (under 20 us: not counted)")
        )
    counted = [item for item in found["agreement"] if item["counted"]]
    within = sum(abs(item["apart"]) <= 0.02 for item in counted)
    print(f"{within} of {len(counted)} operators over 20 us within 2 % of do_bench")
    for name in ("spread", "peer_spread"):
        print(f"{name}: at most 1 % in {sum(item[name] <= 0.01 for item in counted)} of {len(counted)}")
    for name in ("spread", "ratio_spread"):
        ours, peer = ([item[f"{who}{name}"] for item in counted] for who in ("", "peer_"))
        half = sum(a <= b / 2 for a, b in zip(ours, peer, strict=True))
        print(
            f"{name}: median {100 * statistics.median(ours):.2f} % against {100 * statistics.median(peer):.2f} %, "
            f"at most half of do_bench's in {half} of {len(counted)}"
        )
    for item in found["planted"]:
        print(
            f"{item['elements']} elements: 3 % slower reported in {item['found']} of {item['tries']} tries, identical "
            f"code accused in {item['false']}"
        )


if __name__ == "__main__":
    main()
