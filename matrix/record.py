"""Result <-> JSON: the one place that decides how a result is spelled on disk.

JSON has no NaN: a float that is not finite is the string "nan", "inf" or "-inf", decided here and only here. Reading
trusts nothing, because a record may come from another company's machine: every field is checked and bounded.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TypeVar

from matrix.outcome import Outcome, Phase
from matrix.result import Comparison, Compiled, Launch, Measure, Result, ResultError, Sampled, Timing
from matrix.tampering import KINDS, Tampering

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]
T = TypeVar("T")

NOT_FINITE = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
TEXT_LIMIT = 64 * 1024
ITEMS_LIMIT = 10_000


class RecordError(ValueError):
    """A record is not a result: says which field, what was found and what is allowed."""


def result_to_json(result: Result) -> dict[str, Json]:
    """The result as JSON; fields that are absent or empty are left out."""
    fields: dict[str, Json] = {
        "cell": result.cell,
        "outcome": result.outcome.value,
        "phase": result.phase.value,
        "attempt": result.attempt,
        "detail": _shorten(result.detail),
        "seconds": write_float(result.seconds),
        "worker": result.worker,
        "comparison": _write_comparison(result.comparison) if result.comparison else None,
        "launches": [
            {"kernel": launch.kernel, "file": launch.file, "count": launch.count} for launch in result.launches
        ],
        "compiled": [_write_compiled(compiled) for compiled in result.compiled],
        "remembered": result.remembered,
        "timing": _write_timing(result.timing) if result.timing else None,
        "measures": [_write_measure(measure) for measure in result.measures],
        "facts": {str(_shorten(name)): _shorten(text) for name, text in result.facts.items()},
        "tampering": [{"kind": each.kind, "what": _shorten(each.what)} for each in result.tampering],
        "confined": result.confined,
        "gap": result.gap,
        "traceback": _shorten(result.traceback),
        "output": _shorten(result.output),
    }
    return _present(fields)


def result_from_json(record: object) -> Result:
    """Read a result back.

    Raises RecordError when a field is missing, of another type or contradicts the others.
    """
    fields = _mapping(record, "the result")
    comparison = fields.get("comparison")
    launches = _items(fields.get("launches", []), "launches")
    try:
        return Result(
            cell=_text(fields.get("cell"), "cell"),
            outcome=_choice(Outcome, fields.get("outcome"), "outcome"),
            phase=_choice(Phase, fields.get("phase"), "phase"),
            detail=_text(fields.get("detail", ""), "detail"),
            seconds=_absent(read_float, fields.get("seconds"), "seconds"),
            attempt=_whole(fields.get("attempt", 1), "attempt"),
            worker=_absent(_text, fields.get("worker"), "worker"),
            comparison=None if comparison is None else _read_comparison(comparison),
            launches=tuple(read_launch(launch) for launch in launches),
            compiled=tuple(_read_compiled(item) for item in _items(fields.get("compiled", []), "compiled")),
            remembered=_absent(_text, fields.get("remembered"), "remembered"),
            timing=_absent(_read_timing, fields.get("timing"), "timing"),
            measures=tuple(_read_measure(item) for item in _items(fields.get("measures", []), "measures")),
            facts={
                name: _text(text, f"facts.{name}") for name, text in _mapping(fields.get("facts", {}), "facts").items()
            },
            tampering=tuple(_read_tampering(item) for item in _items(fields.get("tampering", []), "tampering")),
            confined=_absent(_text, fields.get("confined"), "confined"),
            gap=_absent(_text, fields.get("gap"), "gap"),
            traceback=_absent(_text, fields.get("traceback"), "traceback"),
            output=_absent(_text, fields.get("output"), "output"),
        )
    except ResultError as error:
        raise RecordError(str(error)) from error


def write_float(value: float | None) -> Json:
    """A float as JSON: itself, or its name when it is not finite."""
    if value is None:
        return None
    if math.isfinite(value):
        return float(value)  # a float of NumPy's is none of JSON's
    if math.isnan(value):
        return "nan"
    return "inf" if value > 0 else "-inf"


def read_float(value: object, name: str) -> float:
    """Read a float back, whichever way it was written."""
    if isinstance(value, str) and value in NOT_FINITE:
        return NOT_FINITE[value]
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return float(value)
        except OverflowError:
            raise RecordError(f"{name} is a number too large for a float") from None
    raise RecordError(f"{name} is {_show(value)}; allowed are numbers, 'nan', 'inf' and '-inf'")


def _write_comparison(comparison: Comparison) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "rule": _shorten(comparison.rule),
        "total": int(comparison.total),
        "mismatched": int(comparison.mismatched),
        "max_abs": write_float(comparison.max_abs),
        "max_rel": write_float(comparison.max_rel),
        "bound": write_float(comparison.bound),
        "first_bad": None if comparison.first_bad is None else [int(index) for index in comparison.first_bad],
        "got": _shorten(comparison.got),
        "expected": _shorten(comparison.expected),
        "output": comparison.output,
        "policies": {name: bool(within) for name, within in comparison.policies.items()},
        "vacuous": list(comparison.vacuous),
    }
    return _present(fields)


def _present(fields: dict[str, Json]) -> dict[str, Json]:
    """What is there. An empty first_bad is: it is the only index of a 0-d tensor."""
    empty = {"detail": "", "launches": [], "compiled": [], "tampering": [], "policies": {}, "vacuous": []}
    empty |= {"measures": [], "facts": {}}
    return {name: value for name, value in fields.items() if value is not None and empty.get(name) != value}


def _read_comparison(record: object) -> Comparison:
    fields = _mapping(record, "comparison")
    first_bad = fields.get("first_bad")
    policies = _mapping(fields.get("policies", {}), "comparison.policies")
    return Comparison(
        rule=_text(fields.get("rule"), "comparison.rule"),
        total=_whole(fields.get("total"), "comparison.total"),
        mismatched=_whole(fields.get("mismatched"), "comparison.mismatched"),
        max_abs=_absent(read_float, fields.get("max_abs"), "comparison.max_abs"),
        max_rel=_absent(read_float, fields.get("max_rel"), "comparison.max_rel"),
        bound=_absent(read_float, fields.get("bound"), "comparison.bound"),
        first_bad=None if first_bad is None else _indices(first_bad),
        got=_absent(_text, fields.get("got"), "comparison.got"),
        expected=_absent(_text, fields.get("expected"), "comparison.expected"),
        output=_whole(fields.get("output", 0), "comparison.output"),
        policies={name: _truth(value, f"comparison.policies.{name}") for name, value in policies.items()},
        vacuous=tuple(
            _text(item, "comparison.vacuous") for item in _items(fields.get("vacuous", []), "comparison.vacuous")
        ),
    )


def _indices(value: object) -> tuple[int, ...]:
    return tuple(_whole(item, "comparison.first_bad") for item in _items(value, "comparison.first_bad"))


def read_launch(record: object) -> Launch:
    """Read a launch back. Raises RecordError."""
    fields = _mapping(record, "launches")
    return Launch(
        kernel=_text(fields.get("kernel"), "launches.kernel"),
        file=_text(fields.get("file"), "launches.file"),
        count=_whole(fields.get("count", 1), "launches.count"),
    )


def _read_tampering(record: object) -> Tampering:
    fields = _mapping(record, "tampering")
    kind = _text(fields.get("kind"), "tampering.kind")
    if kind not in KINDS:
        raise RecordError(f"tampering.kind is {_show(kind)}; allowed are {', '.join(KINDS)}")
    return Tampering(kind, _text(fields.get("what"), "tampering.what"))


def _write_compiled(compiled: Compiled) -> Json:
    fields: dict[str, Json] = {
        "kernel": compiled.kernel,
        "file": compiled.file,
        "configuration": dict(compiled.configuration),
        "size": compiled.size,
        "shared": compiled.shared,
        "registers": compiled.registers,
        "spilled": compiled.spilled,
        "seconds": write_float(round(compiled.seconds, 3)),
        "count": compiled.count,
        "tried": compiled.tried,
        "fitting": compiled.fitting,
    }
    return _present(fields)


def _read_compiled(record: object) -> Compiled:
    fields = _mapping(record, "compiled")
    configuration = _mapping(fields.get("configuration", {}), "compiled.configuration")
    return Compiled(
        kernel=_text(fields.get("kernel"), "compiled.kernel"),
        file=_text(fields.get("file"), "compiled.file"),
        configuration={name: _text(value, f"compiled.configuration.{name}") for name, value in configuration.items()},
        size=_whole(fields.get("size"), "compiled.size"),
        shared=_whole(fields.get("shared"), "compiled.shared"),
        registers=_whole(fields.get("registers"), "compiled.registers"),
        spilled=_whole(fields.get("spilled"), "compiled.spilled"),
        seconds=read_float(fields.get("seconds"), "compiled.seconds"),
        count=_whole(fields.get("count", 1), "compiled.count"),
        tried=_absent(_whole, fields.get("tried"), "compiled.tried"),
        fitting=_absent(_whole, fields.get("fitting"), "compiled.fitting"),
    )


def _write_measure(measure: Measure) -> Json:
    fields: dict[str, Json] = {
        "name": _shorten(measure.name),
        "unit": measure.unit,
        "value": write_float(measure.value),
    }
    if measure.samples:
        fields["samples"] = [write_float(number) for number in measure.samples[:ITEMS_LIMIT]]
    return fields


def _read_measure(record: object) -> Measure:
    fields = _mapping(record, "measures")
    samples = _items(fields.get("samples", []), "measures.samples")
    return Measure(
        name=_text(fields.get("name"), "measures.name"),
        unit=_text(fields.get("unit"), "measures.unit"),
        value=_finite(fields.get("value"), "measures.value"),
        samples=tuple(_finite(number, "measures.samples") for number in samples),
    )


def _write_timing(timing: Timing) -> dict[str, Json]:
    fields: dict[str, Json] = {
        "baseline": _write_sampled(timing.baseline),
        "candidate": _write_sampled(timing.candidate),
        "against": timing.against,
        "speedup": write_float(timing.speedup),
        "speedup_low": write_float(timing.speedup_low),
        "speedup_high": write_float(timing.speedup_high),
        "device": timing.device,
        "stopped": timing.stopped,
        "stable": timing.stable,
        "floor": write_float(timing.floor),
        "moved": timing.moved,
        "operations": timing.operations,
        "peak_bandwidth": write_float(timing.peak_bandwidth),
        "peak_arithmetic": write_float(timing.peak_arithmetic),
        "conditions": {name: write_float(value) for name, value in timing.conditions.items()},
    }
    return {name: value for name, value in fields.items() if value not in (None, {})}


def _write_sampled(sampled: Sampled) -> Json:
    """In whole nanoseconds: no clock of a device is finer."""
    return {
        "nanoseconds": [max(1, round(1e9 * value)) for value in sampled.samples],
        "host": write_float(round(sampled.host, 9)),
    }


def _read_timing(record: object, name: str) -> Timing:
    fields = _mapping(record, name)
    conditions = _mapping(fields.get("conditions", {}), f"{name}.conditions")
    return Timing(
        baseline=_read_sampled(fields.get("baseline"), f"{name}.baseline"),
        candidate=_read_sampled(fields.get("candidate"), f"{name}.candidate"),
        against=_text(fields.get("against"), f"{name}.against"),
        speedup=_finite(fields.get("speedup"), f"{name}.speedup"),
        speedup_low=_finite(fields.get("speedup_low"), f"{name}.speedup_low"),
        speedup_high=_finite(fields.get("speedup_high"), f"{name}.speedup_high"),
        device=_text(fields.get("device"), f"{name}.device"),
        stopped=_text(fields.get("stopped"), f"{name}.stopped"),
        stable=_truth(fields.get("stable", True), f"{name}.stable"),
        floor=_absent(_finite, fields.get("floor"), f"{name}.floor"),
        moved=_absent(_whole, fields.get("moved"), f"{name}.moved"),
        operations=_absent(_whole, fields.get("operations"), f"{name}.operations"),
        peak_bandwidth=_absent(_finite, fields.get("peak_bandwidth"), f"{name}.peak_bandwidth"),
        peak_arithmetic=_absent(_finite, fields.get("peak_arithmetic"), f"{name}.peak_arithmetic"),
        conditions={key: _finite(value, f"{name}.conditions.{key}") for key, value in conditions.items()},
    )


def _read_sampled(record: object, name: str) -> Sampled:
    fields = _mapping(record, name)
    values = [
        _whole(value, f"{name}.nanoseconds") for value in _items(fields.get("nanoseconds"), f"{name}.nanoseconds")
    ]
    return Sampled(tuple(value / 1e9 for value in values), _finite(fields.get("host"), f"{name}.host"))


def _finite(value: object, name: str) -> float:
    number = read_float(value, name)
    if not math.isfinite(number):
        raise RecordError(f"{name} is {_show(value)}; a finite number is expected")
    return number


def _shorten(text: str | None) -> str | None:
    """A text within the limit, its middle left out; surrogates, which UTF-8 cannot hold, are replaced."""
    if text is None:
        return None
    text = text.encode("utf-8", "replace").decode("utf-8")
    if len(text) <= TEXT_LIMIT:
        return text
    half = TEXT_LIMIT // 2 - 32
    return f"{text[:half]}\n[... {len(text) - 2 * half} characters left out ...]\n{text[-half:]}"


def _absent(read: Callable[[object, str], T], value: object, name: str) -> T | None:
    return None if value is None else read(value, name)


def _text(value: object, name: str) -> str:
    if not isinstance(value, str):
        raise RecordError(f"{name} is {_show(value)}; a text is expected")
    if len(value) > TEXT_LIMIT:
        raise RecordError(f"{name} has {len(value)} characters; at most {TEXT_LIMIT} are allowed")
    return value


def _whole(value: object, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**63:
        raise RecordError(f"{name} is {_show(value)}; a whole number from 0 is expected")
    return value


def _truth(value: object, name: str) -> bool:
    if not isinstance(value, bool):
        raise RecordError(f"{name} is {_show(value)}; true or false is expected")
    return value


def _items(value: object, name: str) -> list[object]:
    if not isinstance(value, list) or len(value) > ITEMS_LIMIT:
        raise RecordError(f"{name} is {_show(value)}; a list of at most {ITEMS_LIMIT} is expected")
    return value


def _mapping(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict) or len(value) > ITEMS_LIMIT:
        raise RecordError(f"{name} is {_show(value)}; an object is expected")
    return value


def _choice(kind: type[T], value: object, name: str) -> T:
    try:
        return kind(value)  # type: ignore[call-arg]
    except ValueError:
        allowed = ", ".join(str(member) for member in kind)  # type: ignore[attr-defined]
        raise RecordError(f"{name} is {_show(value)}; allowed are {allowed}") from None


def _show(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
