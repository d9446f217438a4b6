"""Providers that are called many times over: steady, flaky, crashing and leaking ones, each with the reference `double`."""

from __future__ import annotations

import os
from pathlib import Path

import torch

calls = 0
hoard: list[bytearray] = []


def double(x: torch.Tensor) -> torch.Tensor:
    return 2 * x


def turns() -> int:
    """How often a function of this file was called in this process."""
    global calls  # noqa: PLW0603 - what a provider with a memory does
    calls += 1
    return calls


def flaky(x: torch.Tensor) -> torch.Tensor:
    """Another last bit every fifth time, well within any tolerance."""
    right = 2 * x
    return torch.nextafter(right, torch.full_like(right, 9.0)) if turns() % 5 == 0 else right


def nan_bits(x: torch.Tensor) -> torch.Tensor:
    """NaN each time, of two kinds: alike in value, not to the bit."""
    bits = 0x7FC00000 + turns() % 2
    return torch.full(x.shape, bits, dtype=torch.int32).view(torch.float32)


def grows(x: torch.Tensor) -> torch.Tensor:
    """Writes its input over, as a call that keeps a state does: a second call with the same memory gives another answer."""
    x.mul_(2)
    return x.clone()


def into(x: torch.Tensor, out: torch.Tensor) -> torch.Tensor:
    out.copy_(2 * x)
    return out


def crash(x: torch.Tensor) -> torch.Tensor:
    """Dies at the third call."""
    if turns() >= 3:
        os.abort()
    return 2 * x


def crash_once(x: torch.Tensor) -> torch.Tensor:
    """Dies once, at the third call of all processes that share a folder."""
    mark = Path(os.environ["FAKES_STATE"]) / "crashed"
    if turns() >= 3 and not mark.exists():
        mark.touch()
        os.abort()
    return 2 * x


def unwell_after_crash() -> str | None:
    """A probe of a device that does not recover from the crash of `crash_once`."""
    return "the device is lost" if (Path(os.environ["FAKES_STATE"]) / "crashed").exists() else None


def raises(x: torch.Tensor) -> torch.Tensor:
    raise ValueError(f"no kernel for {tuple(x.shape)}")


def leaking(x: torch.Tensor) -> torch.Tensor:
    """Keeps a megabyte of each call."""
    hoard.append(bytearray(os.urandom(1024)) * 1024)
    return 2 * x
