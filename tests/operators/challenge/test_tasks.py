"""The tasks of the challenge: all twenty, and cases for everything that the written rules ask for."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from operators.call import TensorSpec, parse_call
from operators.catalogue import CatalogueError, check_catalogue, load_catalogue
from operators.edges import call_tensors
from operators.operator import Operator

FOLDER = Path(__file__).parents[3] / "operators" / "challenge"
ROWS = load_catalogue([FOLDER])
LARGE = load_catalogue([FOLDER / "large"])
TASKS: dict[str, list[Operator]] = defaultdict(list)
for row in ROWS.values():
    TASKS[row.base].append(row)
# What torch itself does not have: (task, kind or dtype).
MISSING = {
    ("svd", "nan"),  # torch refuses what is not finite, which on a device takes waiting for it
    ("svd", "float16"),
    ("gcd", "float32"),
    ("gcd", "float16"),
    ("gcd", "nan"),
    ("chunk_gated_delta_rule", "nan"),  # one NaN in the state is NaN everywhere behind it
}


def tensors(task: str) -> list[TensorSpec]:
    return [spec for row in TASKS[task] for sample in row.samples for spec in call_tensors(parse_call(sample.call))[:1]]


def test_there_are_twenty_and_each_has_a_tier_and_schemas() -> None:
    assert Counter(rows[0].tier for rows in TASKS.values()) == {"easy": 8, "medium": 8, "hard": 4}
    assert [row.name for row in ROWS.values() if not row.schema or row.tier != TASKS[row.base][0].tier] == []


def test_every_call_can_be_read() -> None:
    assert check_catalogue({**ROWS, **LARGE}) == []


def test_they_are_judged_on_request_only() -> None:
    assert not (set(ROWS) | set(LARGE)) & set(load_catalogue())


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["one", "empty", "odd", "strided", "transposed", "nan", "large", "illegal"])
def test_every_task_has_a_case_of_the_kind(task: str, kind: str) -> None:
    kinds = {sample.kind for row in TASKS[task] for sample in row.samples}
    assert (kind in kinds) != ((task, kind) in MISSING)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_every_task_is_judged_in_both_required_types(task: str, dtype: str) -> None:
    judged = any(dtype in row.dtypes for row in TASKS[task])
    assert judged != ((task, dtype) in MISSING)


@pytest.mark.parametrize("task", ["log10", "logaddexp", "cosh", "gcd", "tril", "roll", "leaky_relu", "asinh"])
def test_the_six_sizes_are_there(task: str) -> None:
    shapes = {spec.shape for spec in tensors(task)}
    assert {(1, 1), (8, 8), (64, 64), (256, 256), (1024, 1024)} <= shapes
    assert (4096, 4096) in {
        spec.shape
        for sample in LARGE[f"challenge.{task}.large"].samples
        for spec in call_tensors(parse_call(sample.call))
    }


@pytest.mark.parametrize(
    ("task", "ranks"), [("tril", {2, 3, 4}), ("roll", {1, 2, 3, 4, 5}), ("median", {0, 1, 2, 3, 4, 5})]
)
def test_every_legal_rank_is_there(task: str, ranks: set[int]) -> None:
    assert ranks <= {len(spec.shape) for spec in tensors(task)}


@pytest.mark.parametrize(
    "name",
    [
        "log10_",
        "log10.out",
        "logaddexp.out",
        "cosh_",
        "cosh.out",
        "gcd_",
        "gcd.out",
        "tril_",
        "tril.out",
        "leaky_relu_",
        "leaky_relu.out",
        "leaky_relu.inplace",
        "asinh_",
        "asinh.out",
        "upsample_nearest2d.out",
        "upsample_nearest2d_backward",
        "scatter_reduce_",
        "scatter_reduce.two_out",
        "median.dim_values",
        "smooth_l1_loss.out",
        "max_pool3d.indices",
    ],
)
def test_every_form_of_the_schema_is_a_row(name: str) -> None:
    row = ROWS[f"challenge.{name}"]
    written = re.search(r"\(\w!\)", row.schema or "")
    assert bool(row.outputs) == bool(written or name == "leaky_relu.inplace")


def test_the_tier_is_one_of_three(tmp_path: Path) -> None:
    (tmp_path / "rows.toml").write_text(
        (FOLDER / "log10.toml").read_text().replace('tier = "easy"', 'tier = "simple"', 1)
    )
    with pytest.raises(CatalogueError, match="tier is 'simple'; allowed are easy, medium, hard"):
        load_catalogue([tmp_path])


def test_what_is_timed_is_a_row_of_ours_and_can_be_read() -> None:
    table = tomllib.loads((FOLDER / "timed" / "challenge.toml").read_text())
    assert {ROWS[name].base for name in table} == set(TASKS)
    for name, entry in table.items():
        assert set(entry["dtypes"]) <= set(ROWS[name].dtypes)
        assert all(parse_call(call).args for call in entry["calls"])
