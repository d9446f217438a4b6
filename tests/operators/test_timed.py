"""The calls that are timed: read strictly, of a size that keeps a chip busy, and taken by torch."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from matrix.addresses import resolve
from matrix.judging.aten import find_overload
from matrix.judging.inputs import torch_dtype
from operators.call import Call, DeviceSpec, DTypeSpec, LikeSpec, TensorSpec, Value, parse_call
from operators.catalogue import FOLDER as ROWS
from operators.catalogue import check_catalogue, load_catalogue, smoke_operators
from operators.operator import MOVES, Operator, Sample
from operators.timed import FOLDER, timed_dtypes, with_timed

OPERATORS = load_catalogue()
HERE = Path("a.toml")
CALLS = [
    pytest.param(operator, sample, id=f"{operator.name} {sample.name}")
    for operator in OPERATORS.values()
    for sample in operator.samples
    if sample.kind == "timed"
]
# Bytes of the inputs and of the outputs: inputs are drawn by the processor, and several copies are held.
LARGEST = 300_000_000
# Bytes of the larger of both: what a chip of 4 TB/s moves in the time that a launch takes.
BUSY = 8_000_000
# What no one can answer without values: how long the output is, which token goes where, what is found in a table.
BY_VALUE = [
    "masked_select",
    "nonzero",
    "repeat_interleave.Tensor",
    "repeat_interleave.self_Tensor",
    "allclose",
    "equal",
    "bincount",
    "_unique2",
    "unique_consecutive",
    "nll_loss_nd_forward",
    "fused.bincount",
    "fused.flash_attn_varlen_func",
    "fused.flash_attn_varlen_opt_func",
    "fused.flash_mla",
    "fused.get_paged_mqa_logits_metadata",
    "fused.reshape_and_cache",
    "fused.reshape_and_cache_flash",
    "fused.concat_and_cache_mla",
    "fused.fused_recurrent_gated_delta_rule_fwd",
    "fused.chunk_gated_delta_rule_fwd",
    "fused.bucket_sort_topk",
    "fused.moe_align_block_size",
    "fused.moe_align_block_size_triton",
    "fused.fused_experts_impl",
    "fused.inplace_fused_experts",
    "fused.outplace_fused_experts",
]


def read(table: object, name: str = "add.Tensor") -> tuple[Operator, str]:
    """`add.Tensor` with the timed samples of a table, and what is wrong with it."""
    problems: list[str] = []
    row = {"add.Tensor": load_catalogue([ROWS / "aten-pointwise.toml"])["add.Tensor"]}
    return with_timed(row, [(HERE, {name: table})], problems)["add.Tensor"], "\n".join(problems)


def test_calls_become_further_samples() -> None:
    table = {"calls": ["T[9], T[9]", "T[8], T[8]"], "dtypes": ["bfloat16", "int32"], "moves": "outputs"}
    operator, problems = read(table)
    assert not problems
    assert operator.samples[0].name == "typical-0"
    assert operator.samples[-2:] == (
        Sample("timed-0", "T[9], T[9]", ("bfloat16", "int32"), moves="outputs"),
        Sample("timed-1", "T[8], T[8]", ("bfloat16", "int32"), moves="outputs"),
    )


def test_a_folder_of_ones_own_may_have_timed_calls_beside_its_rows() -> None:
    challenge = ROWS.parent / "challenge"
    rows = load_catalogue([challenge])
    assert "timed" in {sample.kind for sample in rows["challenge.roll"].samples}
    one_file = load_catalogue([challenge / "roll.toml"])
    assert "timed" not in {sample.kind for sample in one_file["challenge.roll"].samples}


def test_a_table_may_say_why_nothing_is_timed() -> None:
    operator, problems = read({"slow": "a loop over elements"})
    assert not problems
    assert operator.slow == "a loop over elements"
    assert "timed" not in {sample.kind for sample in operator.samples}


@pytest.mark.parametrize(
    ("dtypes", "first"),
    [
        (("float32", "float16", "bfloat16"), "float16"),
        (("float32", "bfloat16"), "bfloat16"),
        (("int8", "float32"), "float32"),
        (("int64", "int32"), "int64"),
    ],
)
def test_what_models_are_run_in_is_timed_where_nothing_is_said(dtypes: tuple[str, ...], first: str) -> None:
    assert timed_dtypes(dtypes) == (first,)
    assert read({"calls": ["T[9], T[9]"]})[0].samples[-1].dtypes == ("float16",)


@pytest.mark.parametrize(
    ("table", "named"),
    [
        ("T[9], T[9]", "it is a table with calls, dtypes, moves, slow"),
        ({}, "give either calls, or as slow the reason"),
        ({"calls": ["T[9]"], "slow": "it is"}, "give either calls, or as slow the reason"),
        ({"calls": "T[9]"}, "calls is 'T[9]'; it is a list of different calls"),
        ({"calls": ["T[9]", "T[9]"]}, "a list of different calls"),
        ({"calls": ["T[9]", 9]}, "each a text"),
        ({"slow": 3}, "slow is 3; it is the reason"),
        ({"slow": ""}, "slow is ''; it is the reason"),
        ({"calls": ["T[9]"], "move": "all"}, "'move' is not known; allowed are calls, dtypes, moves, slow"),
        ({"calls": ["T[9]"], "moves": "half"}, "moves is 'half'; allowed are all, outputs, inputs"),
        ({"calls": ["T[9]"], "dtypes": "float16"}, "dtypes is 'float16'; it is a list"),
        ({"calls": ["T[9]"], "dtypes": []}, "dtypes is []; it is a list"),
        ({"calls": ["T[9]"], "dtypes": ["int8", "int8"]}, "a list of different dtypes"),
        ({"calls": ["T[9]"], "dtypes": ["float46"]}, "'float46' is not among the dtypes of add.Tensor; the nearest is"),
        ({"calls": ["T[9]"], "dtypes": ["xyz"]}, "'xyz' is not among the dtypes of add.Tensor; allowed are float32"),
    ],
)
def test_a_problem_is_named_with_its_place(table: object, named: str) -> None:
    operator, problems = read(table)
    assert named in problems
    assert problems.startswith("a.toml: [add.Tensor]: ")
    assert "timed" not in {sample.kind for sample in operator.samples}


def test_an_operator_that_is_not_there_has_its_neighbour_named() -> None:
    assert "'add.Tensr' is no operator of the catalogue; the nearest is add.Tensor" in read({}, "add.Tensr")[1]
    assert "'xyz' is no operator of the catalogue; allowed are add.Tensor" in read({}, "xyz")[1]


def test_an_operator_is_timed_in_one_file() -> None:
    problems: list[str] = []
    table = {"add.Tensor": {"calls": ["T[9], T[9]"]}}
    with_timed({"add.Tensor": OPERATORS["add.Tensor"]}, [(HERE, table), (Path("b.toml"), table)], problems)
    assert problems == [
        "b.toml: [add.Tensor]: the calls of add.Tensor are already given in a.toml; keep one of the two"
    ]


def test_other_files_have_theirs_among_their_samples(tmp_path: Path) -> None:
    row = (
        '["mine.add"]\nfamily = "pointwise"\nproviders = { mine = "m:f" }\nreference = "m:g"\nagainst = "float64"\n'
        'dtypes = ["float32"]\n["mine.add".samples]\ntypical-0 = "T[3]"\ntimed-0 = { call = "T[9]", moves = "inputs" }\n'
    )
    (tmp_path / "mine.toml").write_text(row, encoding="utf-8")
    found = load_catalogue([ROWS, tmp_path])
    assert found["mine.add"].samples[-1] == Sample("timed-0", "T[9]", moves="inputs")
    assert found["add.Tensor"].samples[-1].kind == "timed"
    assert load_catalogue([ROWS / "aten-pointwise.toml"])["add.Tensor"].samples[-1].kind != "timed"


# The calls


def test_every_operator_with_cases_is_timed_or_says_why_not() -> None:
    assert check_catalogue(OPERATORS) == []
    timed = {
        name for name, operator in OPERATORS.items() if operator.samples[-1:] and operator.samples[-1].kind == "timed"
    }
    silent = [n for n, o in OPERATORS.items() if n not in timed and not o.slow and not o.no_cases]
    assert silent == []
    assert len(timed) > 480
    assert sum(bool(operator.slow) for operator in OPERATORS.values()) < 12


def test_the_smoke_tier_is_timed_in_two_dtypes_at_least() -> None:
    for name in smoke_operators():
        assert len(OPERATORS[name].samples[-1].dtypes or ()) >= 2, name


def test_a_file_stands_beside_each_file_of_rows() -> None:
    for path in sorted(FOLDER.glob("*.toml")):
        rows = load_catalogue([ROWS / path.name])
        problems: list[str] = []
        with_timed(rows, [(path, tables(path))], problems)
        assert not problems


def tables(path: Path) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize(("operator", "sample"), CALLS)
def test_a_call_is_taken_and_keeps_a_chip_busy(operator: Operator, sample: Sample) -> None:
    """Shapes and types are followed through torch's meta device, which has no values."""
    assert sample.moves in MOVES
    call = parse_call(sample.call)
    for dtype in sample.dtypes or operator.dtypes:
        arguments = [meta(value, dtype) for value in (*call.args, *call.kwargs.values())]
        taken = sum(bytes_of(arguments))
        assert taken <= LARGEST, f"{operator.name} {dtype}: {taken} bytes of inputs"
        if operator.name in BY_VALUE:
            continue
        given = sum(bytes_of(called(operator, call, dtype)))
        assert given <= LARGEST, f"{operator.name} {dtype}: {given} bytes of outputs"
        assert max(taken, given) >= BUSY, f"{operator.name} {dtype}: {taken} bytes of inputs and {given} of outputs"


def test_what_cannot_be_followed_without_values_is_timed() -> None:
    assert set(BY_VALUE) <= {
        parameter.values[0].name for parameter in CALLS if isinstance(parameter.values[0], Operator)
    }


def called(operator: Operator, call: Call, dtype: str) -> Any:
    """What the native operator, or the reference, makes of the call on the meta device."""
    args = [meta(value, dtype) for value in call.args]
    kwargs = {name: meta(value, dtype) for name, value in call.kwargs.items() if not isinstance(value, LikeSpec)}
    with torch.device("meta"):
        if len(kwargs) < len(call.kwargs):
            outputs = getattr(torch.ops.aten, operator.name.partition(".")[0])(*args, **kwargs)
            kwargs |= {name: torch.empty_like(outputs) for name in call.kwargs if name not in kwargs}
        target = find_overload(operator.name) if operator.reference == "aten" else resolve(operator.reference)
        return target(*args, **kwargs)


def meta(value: Value, dtype: str) -> Any:
    match value:
        case TensorSpec(shape, name, strides=None):
            return torch.empty(shape, dtype=torch_dtype(name, dtype), device="meta")
        case TensorSpec(shape, name, strides=strides):
            return torch.empty_strided(shape, strides or (), dtype=torch_dtype(name, dtype), device="meta")
        case DTypeSpec(name):
            return torch_dtype(name, dtype)
        case DeviceSpec():
            return torch.device("meta")
        case list() | tuple():
            return type(value)(meta(item, dtype) for item in value)
        case _:
            return value


def bytes_of(value: Any) -> Iterator[int]:
    if isinstance(value, torch.Tensor):
        yield math.prod(value.shape) * value.element_size()
    elif isinstance(value, list | tuple):
        for item in value:
            yield from bytes_of(item)
