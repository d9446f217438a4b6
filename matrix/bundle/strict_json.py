"""JSON as a stranger may send it: UTF-8, no NaN, no key twice, no depth without end, and texts that are only text."""

from __future__ import annotations

import json
import math
from collections import Counter
from typing import NoReturn

from matrix.bundle.limits import DEPTH, shown
from matrix.plain_text import clean
from matrix.record import Json


class StrictJsonError(ValueError):
    """A text is no JSON as a bundle may hold: says why."""


def parse_json(data: bytes) -> Json:
    """Read a value. Control characters, terminal escapes and marks that reorder text are taken out of its texts.

    Raises StrictJsonError that says what is wrong.
    """
    try:
        value: Json = json.loads(
            data.decode("utf-8"), parse_constant=_constant, parse_float=_float, object_pairs_hook=_object
        )
    except StrictJsonError:
        raise
    except UnicodeDecodeError as error:
        raise StrictJsonError(f"is not UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise StrictJsonError(_TOO_DEEP) from None
    except ValueError as error:
        raise StrictJsonError(f"is no JSON ({error})") from None
    return _plain(value, DEPTH)


_TOO_DEEP = f"nests lists and objects more than {DEPTH} deep"


def _constant(token: str) -> NoReturn:
    raise StrictJsonError(f"holds {token}, which is no JSON; such a float is written as a text")


def _float(token: str) -> float:
    value = float(token)
    if not math.isfinite(value):
        raise StrictJsonError(f"holds {shown(token, 20)}, a number too large for a float")
    return value


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        [(twice, _)] = Counter(name for name, _ in pairs).most_common(1)
        raise StrictJsonError(f"has the key {shown(twice)} twice in one object")
    return found


def _plain(value: Json, left: int) -> Json:
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list | dict) and left == 0:
        raise StrictJsonError(_TOO_DEEP)
    if isinstance(value, list):
        return [_plain(item, left - 1) for item in value]
    if isinstance(value, dict):
        return _object([(clean(name), _plain(item, left - 1)) for name, item in value.items()])
    return value
