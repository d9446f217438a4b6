"""JSON as a stranger may send it: UTF-8 without a mark at its start, no NaN, no key twice, no depth without end."""

from __future__ import annotations

import codecs
import json
import math
from collections import Counter
from typing import NoReturn, TypeAlias

from workloads.annotation.problem import shown

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
DEPTH = 12


class JsonTextError(ValueError):
    """A text is no JSON that is taken here: says why, and in which line where that is known."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason)
        self.line = line


def parse_json(data: bytes) -> Json:
    """Read a value. Raises JsonTextError."""
    if data.startswith(codecs.BOM_UTF8):
        raise JsonTextError("begins with a byte order mark (BOM), which other readers refuse", 1)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise JsonTextError("is UTF-16, not UTF-8", 1)
    try:
        text = data.decode("utf-8")
        value: Json = json.loads(text, parse_constant=_constant, parse_float=_float, object_pairs_hook=_object)
        _limit_depth(value, DEPTH)
    except UnicodeDecodeError as error:
        raise JsonTextError(f"is not UTF-8 at byte {error.start}", data.count(b"\n", 0, error.start) + 1) from None
    except RecursionError:
        raise JsonTextError(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise JsonTextError(f"is no JSON ({error.msg} at column {error.colno})", error.lineno) from None
    except JsonTextError:
        raise
    except ValueError:
        raise JsonTextError("is no JSON (a number has too many digits)") from None
    return value


_TOO_DEEP = f"nests lists and objects more than {DEPTH} deep"


def _constant(token: str) -> NoReturn:
    raise JsonTextError(f"holds {token}, which is no JSON")


def _float(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise JsonTextError(f"holds {shown(token, 20)}, a number too large for a float")
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise JsonTextError(f"has the key {shown(twice)} twice in one object")
    return found


def _limit_depth(value: Json, left: int) -> None:
    if isinstance(value, list | dict):
        if left == 0:
            raise JsonTextError(_TOO_DEEP)
        for item in value.values() if isinstance(value, dict) else value:
            _limit_depth(item, left - 1)
