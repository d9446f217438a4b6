r"""How answers of task 8 are tried: for each sample a function, calls, and what is right. The official data has none of this.

    {"checks": [{"id": "openseek-8-test-0", "function": "relu", "dtype": "float32", "calls": ["T[7]", "T[5, 33]"],
                 "reference": "def relu(x):\n    return torch.relu(x)\n"}]}

`calls` are in the notation of `operators/call.py`. `reference` is plain torch; where it is left out, the sample's label is
run in its place. Read strictly, all problems at once: the file may be an organiser's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from operators.call import DTYPES, CallError, parse_call
from workloads.annotation.data_file import PROBLEMS, SampleId
from workloads.annotation.json_text import Json, JsonTextError, parse_json
from workloads.annotation.problem import Problem, refuse, shown

CALLS, SOURCE = 20, 100_000
_KEYS = ("id", "function", "calls", "dtype", "reference")


@dataclass(frozen=True)
class OperatorCheck:
    """How one answer is tried. `reference` is empty where the label says what is right."""

    id: SampleId
    function: str
    calls: tuple[str, ...]
    dtype: str
    reference: str = ""


def read_checks(data: bytes, place: str) -> Mapping[SampleId, OperatorCheck]:
    """The checks by sample. Raises AnnotationError."""
    try:
        value = parse_json(data)
    except JsonTextError as error:
        refuse([Problem(f"{place}:{error.line or 1}", str(error), "write one JSON object")])
        raise
    listed = value.get("checks") if isinstance(value, dict) else None
    if not isinstance(value, dict) or set(value) != {"checks"} or not isinstance(listed, list):
        refuse([Problem(place, "is no object with the one list `checks`", 'write {"checks": [...]}')])
        raise AssertionError
    problems: list[Problem] = []
    found: dict[SampleId, OperatorCheck] = {}
    for number, entry in enumerate(listed):
        check = _read(entry, f"{place}: checks[{number}]", problems)
        if check is not None and check.id in found:
            problems.append(Problem(f"{place}: checks[{number}].id", f"{shown(check.id)} is there twice", "leave one"))
        elif check is not None:
            found[check.id] = check
    refuse(problems[:PROBLEMS])
    return found


def _read(entry: Json, place: str, problems: list[Problem]) -> OperatorCheck | None:
    if not isinstance(entry, dict):
        problems.append(Problem(place, f"is {shown(entry)}", f"write an object with {', '.join(_KEYS)}"))
        return None
    before = len(problems)
    strange, allowed = sorted(set(entry) - set(_KEYS)), f"allowed are {', '.join(_KEYS)}"
    problems += [Problem(f"{place}.{shown(key)}", "is an unknown key", allowed) for key in strange]
    id_, function = entry.get("id"), entry.get("function")
    calls, dtype, reference = entry.get("calls"), entry.get("dtype", "float32"), entry.get("reference", "")
    if not isinstance(id_, str | int) or isinstance(id_, bool):
        problems.append(Problem(f"{place}.id", f"is {shown(id_)}", "write the sample's id"))
    if not isinstance(function, str) or not function.isidentifier():
        problems.append(Problem(f"{place}.function", f"is {shown(function)}", "write the name of the function"))
    if dtype not in DTYPES.values():
        problems.append(Problem(f"{place}.dtype", f"is {shown(dtype)}", f"write one of {', '.join(DTYPES.values())}"))
    if not isinstance(reference, str) or len(reference) > SOURCE:
        problems.append(
            Problem(f"{place}.reference", "is no text, or too long a one", f"write at most {SOURCE} characters")
        )
    if not isinstance(calls, list) or not 1 <= len(calls) <= CALLS:
        problems.append(Problem(f"{place}.calls", f"is {shown(calls)}", f"write a list of 1 to {CALLS} calls"))
    else:
        problems += [Problem(f"{place}.calls[{at}]", why, "write it as `T[5, 3]`") for at, why in _wrong_calls(calls)]
    if len(problems) > before:
        return None
    return OperatorCheck(id_, function, tuple(map(str, calls or ())), str(dtype), str(reference))  # type: ignore[arg-type]


def _wrong_calls(calls: list[Json]) -> list[tuple[int, str]]:
    found = []
    for at, call in enumerate(calls):
        try:
            parse_call(call if isinstance(call, str) else "")
        except CallError as error:
            found.append((at, str(error)))
    return found
