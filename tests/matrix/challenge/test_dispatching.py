"""What an entry comes by is watched in a child: whether torch computes for it, and whether it registers."""

from __future__ import annotations

from pathlib import Path

from matrix.challenge.child import ask
from matrix.challenge.task import interpreter
from matrix.challenge.watched import Watched
from tests.fakes.entries import KERNEL, write_entry

# Small tensors are handed to torch; a kernel is launched all the same, so that one that counts launches sees nothing.
FALLS_BACK = KERNEL.replace(
    "    if count:\n",
    "    if count <= 64:\n"
    "        shuffle_kernel[(1,)](out.clone(), x, 1, channels, height, width, R=r, BLOCK=64)\n"
    "        return torch.pixel_shuffle(x, r).add(0)\n"
    "    if count:\n",
)


def watch(folder: Path) -> Watched:
    profile = interpreter()
    request = {"profile": profile.name, "folder": str(folder), "memory_gib": 2.0}
    told = ask("matrix.challenge.dispatching", request, profile, 240.0, folder)
    return Watched.of(told.lines, told.ending)


def test_an_entry_that_computes_itself_is_clean_and_registers(tmp_path: Path) -> None:
    found = watch(write_entry(tmp_path / "own"))
    assert found.problem == ""
    assert found.calls
    assert found.falling_back == ()
    assert all(call.launches for call in found.calls if "empty" not in call.case)
    assert [(each.row, each.problem, each.absent) for each in found.registered] == [("challenge.pixel_shuffle", "", "")]


def test_defect_11_a_fall_back_for_small_shapes_is_seen_though_a_kernel_runs(tmp_path: Path) -> None:
    assert FALLS_BACK != KERNEL
    found = watch(write_entry(tmp_path / "small", shuffle=FALLS_BACK))
    assert 0 < len(found.falling_back) < len(found.calls)
    assert "add" in found.falling_back[0].computed
    assert all(call.launches for call in found.falling_back)


def test_a_function_with_other_parameters_does_not_register(tmp_path: Path) -> None:
    other = KERNEL.replace("upscale_factor: int)", "upscale_factor: int, more: int)")
    found = watch(write_entry(tmp_path / "other", shuffle=other))
    assert found.calls == ()
    assert "TypeError" in found.registered[0].problem


def test_a_file_that_cannot_be_imported_is_told(tmp_path: Path) -> None:
    found = watch(write_entry(tmp_path / "broken", shuffle='raise SystemExit("no")\n'))
    assert found.unresolved == {"challenge.pixel_shuffle": "SystemExit: no"}
