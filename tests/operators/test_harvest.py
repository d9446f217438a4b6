"""The harvested rows: every registered entry has one, torch takes every call, and harvesting again gives the same."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("expecttest")

from operators.call import Call, DTypeSpec, TensorSpec, parse_call  # noqa: E402
from operators.catalogue import FOLDER, load_catalogue  # noqa: E402
from operators.edges import Edge, call_tensors, elements_of  # noqa: E402
from operators.harvest.choosing import kind_of  # noqa: E402
from operators.harvest.deriving import _meaningful, is_brief  # noqa: E402
from operators.harvest.drawing import draw_tensor  # noqa: E402
from operators.harvest.entries import EntriesError, Entry, read_entries  # noqa: E402
from operators.harvest.extras import EXTRAS  # noqa: E402
from operators.harvest.facts import ForeignValueError, Recorded, TensorFact, bind, describe  # noqa: E402
from operators.harvest.fitting import Pool, fit, is_own, schema_of  # noqa: E402
from operators.harvest.notation import Domain, domains_of, write_call  # noqa: E402
from operators.harvest.recording import Recorder, record  # noqa: E402
from operators.harvest.report import count_cases, coverage  # noqa: E402
from operators.harvest.rows import row  # noqa: E402
from operators.harvest.verifying import ACCIDENTAL, NoInputsError, accepts, refusal, refuses  # noqa: E402
from operators.harvest.writing import write_row  # noqa: E402
from operators.operator import Operator, Sample  # noqa: E402

ENTRIES = 433  # that flag_gems 5.0.2 registers
BASES = 325

needs_flag_gems = pytest.mark.skipif(
    importlib.util.find_spec("flag_gems") is None, reason="flag_gems is not installed here"
)


@pytest.fixture(scope="module")
def catalogue() -> dict[str, Operator]:
    """Without the calls that are timed, which are not harvested."""
    return load_catalogue(sorted(FOLDER.glob("*.toml")))


@pytest.fixture(scope="module")
def calls() -> list[Recorded]:
    return record({"_softmax_backward_data", "add", "gather", "softmax"})


def aten(name: str) -> Any:
    packet, _, overload = name.partition(".")
    return getattr(getattr(torch.ops.aten, packet), overload or "default")


# What is registered


@needs_flag_gems
def test_every_registered_entry_is_a_row(catalogue: dict[str, Operator]) -> None:
    entries = read_entries()
    assert len(entries) == ENTRIES
    assert len({entry.packet for entry in entries}) == BASES
    assert [entry.name for entry in entries if entry.name not in catalogue] == []


@needs_flag_gems
def test_nearly_all_base_names_have_cases(catalogue: dict[str, Operator]) -> None:
    entries = read_entries()
    having = {entry.packet for entry in entries if catalogue[entry.name].samples}
    assert len(having) / BASES >= 0.95
    assert [e.name for e in entries if not catalogue[e.name].samples and not catalogue[e.name].no_cases] == []


def test_entries_are_read_from_source(tmp_path: Path) -> None:
    source = tmp_path / "package.py"
    source.write_text('_FULL_CONFIG = (("b_.T", g), ("a", f, lambda: True))\n', encoding="utf-8")
    assert read_entries(source) == [Entry("a", "f"), Entry("b_.T", "g")]
    source.write_text("OTHER = ()\n", encoding="utf-8")
    with pytest.raises(EntriesError, match="assigns no _FULL_CONFIG"):
        read_entries(source)


@pytest.mark.parametrize(
    ("name", "functional", "brief"),
    [("add_.Tensor", "add", True), ("__ior__.Scalar", "__or__", True), ("exp.out", "exp", True), ("mm", "mm", False)],
)
def test_the_functional_relative_of_an_entry(name: str, functional: str, brief: bool) -> None:
    assert Entry(name, "f").functional == functional
    assert is_brief(Entry(name, "f")) is brief


# What is recorded


def test_recording_sees_composite_inner_and_backward_calls(calls: list[Recorded]) -> None:
    seen = {(recorded.overload, recorded.path) for recorded in calls}
    assert {("add.Tensor", "direct"), ("softmax.int", "direct"), ("_softmax", "decomposed")} <= seen
    assert ("_softmax_backward_data", "backward") in seen
    assert ("gather", "error") in seen


def test_a_call_is_bound_by_the_names_of_its_schema() -> None:
    schema = aten("add.Tensor")._schema
    assert bind(schema, (1, 2), {"alpha": 1}) == {"self": 1, "other": 2}
    assert bind(schema, (1, 2), {"alpha": 3}) == {"self": 1, "other": 2, "alpha": 3}


def test_tensors_become_facts() -> None:
    fact = describe(torch.tensor([[1.0, -2.0], [3.0, 4.0]]).t(), torch.float32)
    assert fact == TensorFact((2, 2), torch.float32, (1, 2), -2.0, 4.0)
    assert describe(torch.tensor([2, 0, 1]), torch.float32).shuffled
    assert describe(torch.tensor([2, 0, 1]), torch.float32).values == (2, 0, 1)
    assert describe(torch.tensor([1.0, float("nan")]), torch.float32).special


def test_memory_that_is_only_written_is_not_looked_at() -> None:
    """What `torch.empty` holds differs from run to run, and the files must not."""
    recorder = Recorder()
    with recorder:
        torch.empty(3).fill_(7.0).fill_(2.0)
        torch.full((3,), float("nan")).copy_(torch.ones(3))
    written = [call for seen in recorder.calls.values() for call in seen.values() if call.packet in ("fill_", "copy_")]
    assert len(written) >= 2
    assert {(fact.low, fact.high, fact.special) for call in written for fact in [call.arguments["self"]]} == {
        (-1, 1, False)
    }


@pytest.mark.parametrize("value", [1j, object()])
def test_what_has_no_notation_is_refused(value: object) -> None:
    with pytest.raises(ForeignValueError):
        describe(value, torch.float32)


# From facts to notation


@pytest.mark.parametrize(
    ("low", "high", "text"),
    [
        (-8.7, 8.9, "T[3]"),
        (0.13, 8.2, "T[3].between(0.13, 9)"),
        (1.2, 8.2, "T[3].between(1, 9)"),
        (0.011, 0.93, "T[3].between(0.01, 0.93)"),
        (0.0, 1.0, "T[3].between(0, 1)"),
        (-0.37, 0.26, "T[3].between(-0.99, 0.99)"),
        (-8.2, -1.5, "T[3]"),
        (2.0, 2.0, "T[3].fill(2)"),
        (3.0, 900.0, "T[3].between(1, 10)"),
    ],
)
def test_the_range_of_values_becomes_a_rule(low: float, high: float, text: str) -> None:
    fact = TensorFact((3,), torch.float32, None, low, high)
    recorded = Recorded("exp", {"self": fact}, "exp", torch.float32)
    assert str(write_call(recorded.arguments, aten("exp")._schema, recorded, {"self": Domain(low, high)})) == text


def test_statistics_are_kept_in_the_accumulators_type(catalogue: dict[str, Operator]) -> None:
    call = parse_call(catalogue["native_layer_norm_backward"].samples[0].call)
    assert [spec.dtype for spec in call.args if isinstance(spec, TensorSpec)][2:4] == ["acc", "acc"]


def test_a_relatives_call_is_fitted_to_the_schema() -> None:
    tensor = TensorFact((3,), torch.float32)
    both = {"self": tensor, "other": tensor}
    assert fit(both, schema_of(Entry("eq.Scalar", "f"))) == {"self": tensor, "other": 3}
    assert fit({"self": tensor}, schema_of(Entry("add.Tensor", "f"))) is None
    assert schema_of(Entry("new_full.Tensor", "f")) is None


@pytest.mark.parametrize(
    ("source", "name", "own"),
    [
        ("nn.functional.softmax:with_dtype", "_softmax_backward_data", True),
        ("log", "log10", False),
        ("div:floor_rounding", "divide_.Tensor_mode", True),
        ("add (must raise)", "add.Tensor", True),
    ],
)
def test_whose_opinfo_a_call_comes_from(source: str, name: str, own: bool) -> None:
    assert is_own(Recorded("x", {}, source, torch.float32), Entry(name, "f")) is own


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("T[2, 3], 1", "typical"),
        ("T[()]", "scalar"),
        ("T[2, 3], T[0]", "empty"),
        ("T[2].special()", "nan"),
        ("T[2, 3].strides(1, 2)", "transposed"),
        ("T[2, 3].strides(6, 2)", "strided"),
        ("T[2, 3].strides(0, 1)", "expanded"),
    ],
)
def test_the_kind_of_a_recorded_call(text: str, kind: str) -> None:
    assert kind_of(parse_call(text)) == kind


# Trying calls on torch


@pytest.mark.parametrize(
    ("text", "stride", "offset"),
    [
        ("T[2, 3]", (3, 1), 0),
        ("T[2, 3].step(2)", (6, 2), 0),
        ("T[2, 3].offset(1)", (3, 1), 1),
        ("T[2, 3].strides(1, 2)", (1, 2), 0),
        ("T[2, 3].strides(0, 1)", (0, 1), 0),
    ],
)
def test_layouts_are_drawn(text: str, stride: tuple[int, ...], offset: int) -> None:
    (spec,) = parse_call(text).args
    assert isinstance(spec, TensorSpec)
    tensor = draw_tensor(spec, torch.float32, torch.Generator().manual_seed(0))
    assert (tuple(tensor.shape), tensor.stride(), tensor.storage_offset()) == ((2, 3), stride, offset)
    assert tensor.count_nonzero() == tensor.numel()


def test_what_torch_takes_and_refuses() -> None:
    add, both = aten("add.Tensor"), parse_call("T[2, 3], T[3]")
    assert accepts(add, both, torch.float32)
    assert not refuses(add, both, torch.float32)
    wrong = parse_call("T[2, 3], T[4]")
    assert refuses(add, wrong, torch.float32)
    assert "must match" in (refusal(add, wrong, torch.float32) or "")


def test_a_dtype_without_values_is_neither_taken_nor_refused() -> None:
    call = parse_call("T[3].between(0.1, 0.9)")
    assert not accepts(aten("log"), call, torch.int64)
    assert not refuses(aten("log"), call, torch.int64)
    with pytest.raises(NoInputsError):
        refusal(aten("log"), call, torch.int64)


def test_outputs_are_shaped_like_the_functional_operators() -> None:
    assert accepts(aten("greater.Scalar_out"), parse_call("T[2, 3], 1, out=like(0)"), torch.float32)
    assert not accepts(aten("exp.out"), Call((), {"out": parse_call("like(0)").args[0]}), torch.float32)


# The rows


def test_calls_of_our_own_stand_in_front(catalogue: dict[str, Operator]) -> None:
    for name, texts in EXTRAS.items():
        assert [str(parse_call(text)) for text in texts] == list(texts), name
        assert catalogue[name].samples[0].call == texts[0], name


def test_typical_samples_are_small(catalogue: dict[str, Operator]) -> None:
    """They run in an interpreter; the large ones say so in their name."""
    for operator in catalogue.values():
        if operator.samples and not operator.name.startswith("fused."):
            first = parse_call(operator.samples[0].call)
            assert elements_of(first) <= 2200, operator.name


def test_a_case_is_not_repeated_for_each_dtype(catalogue: dict[str, Operator]) -> None:
    """Where the case's type stands nowhere in a harvested call, one dtype is enough."""
    for operator in catalogue.values():
        for sample in operator.samples:
            values = [*(call := parse_call(sample.call)).args, *call.kwargs.values()]
            typed = DTypeSpec("T") in values or any(spec.dtype in ("T", "acc") for spec in call_tensors(call))
            if operator.reference == "aten" and not sample.raises and not typed:
                assert len(sample.dtypes or operator.dtypes) == 1, f"{operator.name} {sample.name}"


def test_harvesting_again_gives_the_committed_row(calls: list[Recorded]) -> None:
    pool, domains = Pool(calls), domains_of(calls)
    committed = {path: path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("aten-*.toml"))}
    if not all(f"torch {torch.__version__}" in text for text in committed.values()):
        pytest.skip("harvested from another torch")
    everything = "".join(committed.values())
    for name in ("add.Tensor", "add_.Tensor", "_softmax", "_softmax_backward_data"):
        assert write_row(row(Entry(name, "f"), pool, domains)) in everything


def test_nothing_is_asked_whose_answer_is_an_accident_of_a_cast(catalogue: dict[str, Operator]) -> None:
    """A bound of -1 as uint8, and what NaN or 1e38 becomes as an integer."""
    assert {name for name in ACCIDENTAL if "uint8" in catalogue[name].dtypes} == set()
    entry, whole = Entry("_to_copy", "f"), parse_call('T[3].special(), dtype=dtype("int64")')
    assert not _meaningful(Edge("nan", whole), entry)
    assert not _meaningful(Edge("extreme", whole), entry)
    assert _meaningful(Edge("odd", whole), entry)
    assert _meaningful(Edge("nan", parse_call('T[3].special(), dtype=dtype("bool")')), entry)


def test_an_entry_that_nothing_leads_to_says_so() -> None:
    found = row(Entry("exp", "exp"), Pool([]), {})
    assert not found.samples
    assert found.no_cases


def test_own_rows_are_taken_by_their_references() -> None:
    for operator in load_catalogue([FOLDER / "own-aten.toml"]).values():
        for sample in operator.samples:
            check_sample(operator, sample)


def test_harvested_rows_are_taken_by_torch(catalogue: dict[str, Operator]) -> None:
    """Every 23rd sample, so that each run of the tests meets all kinds and most operators' neighbours."""
    rows = [operator for operator in catalogue.values() if operator.reference == "aten"]
    samples = [(operator, sample) for operator in rows for sample in operator.samples]
    for operator, sample in samples[::23]:
        check_sample(operator, sample)


def check_sample(operator: Operator, sample: Sample) -> None:
    target = aten(operator.name) if operator.reference == "aten" else resolve(operator.reference)
    call = parse_call(sample.call)
    for name in sample.dtypes or operator.dtypes:
        dtype = getattr(torch, name)
        said = refusal(target, call, dtype)
        if said is not None and name in ("float16", "bfloat16") and not sample.raises:
            said = refusal(target, call, torch.float64)
        assert (said is not None) is sample.raises, f"{operator.name} {sample.name} {name}: {said}"


def resolve(address: str) -> Any:
    module, _, function = address.partition(":")
    return getattr(importlib.import_module(module), function)


def test_the_report_counts_cases_and_names_what_has_none() -> None:
    operator = Operator(
        "mm", "mm", "matmul", {"a": "aten"}, "aten", "float64", ("float32", "float16"),
        (Sample("typical-0", "T[2, 2], T[2, 2]"), Sample("nan-0", "T[2]", ("float32",))),
    )  # fmt: skip
    cells, samples = count_cases({"mm": operator})
    assert cells == {"typical": 2, "nan": 1}
    assert samples == {"typical": 1, "nan": 1}
    lines = list(coverage({"mm": operator}, [Entry("mm", "mm"), Entry("exp", "exp")]))
    assert lines[0] == "entries     1 of 2 have cases"
    assert lines[-1] == "without     exp: not in the catalogue"
