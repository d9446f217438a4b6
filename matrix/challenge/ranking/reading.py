"""Reading scorecards as a stranger's files: strictly, within limits, and with every problem of every file at once.

What a card says of itself must add up. Whether it is true no reader can tell: rank cards that your own judge wrote.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from matrix.bundle.limits import MIB
from matrix.bundle.strict_json import StrictJsonError, parse_json
from matrix.challenge.ranking.entrant import ROUNDING, Device, Entrant, Measure
from matrix.challenge.ranking.fields import Fields, Problems
from matrix.challenge.scoring.hardware import NAME as HARDWARE
from matrix.challenge.scoring.hardware import UTILISATION
from matrix.challenge.scoring.performance import NAME as PERFORMANCE
from matrix.challenge.scoring.weights import DIMENSIONS
from matrix.challenge.task import load_task, task_names
from matrix.record import Json
from matrix.usage import UsageError

FILE, SCHEMA = "scorecard.json", "compatibility-matrix-scorecard/1"
MOST_CARDS, CARD_BYTES = 1000, 16 * MIB
MOST_POINTS, MOST_SPEEDUP = 6000.0, 1e9
MOST_PARTS, MOST_DEVICES, MOST_TEXTS, MOST_PEOPLE = 200, 100, 10_000, 100
NAME_LENGTH = 120
MOST_SHOWN = 20
DIGEST, DATE = r"[0-9a-f]{64}", r"\d{4}-\d{2}-\d{2}"
REACHED, REACHED_TITLE = "utilisation", "Bandwidth or arithmetic reached"
SUBJECT_KEYS = ("schema", "task", "tier", "team", "licence", "digest", "files", "tests", "weights", "date")
POINTS_KEYS = ("points", "measured", "out_of", "dimensions", "devices")
WORDS_KEYS = ("tampering", "problems", "missing", "remarks", "grounds")
KEYS = (*SUBJECT_KEYS, *POINTS_KEYS, *WORDS_KEYS)
DIMENSION_KEYS = ("name", "title", "points", "measured", "out_of", "parts", "remarks", "exhibits")
DEVICE_KEYS = ("profile", "name", "calls", "speedup", "low", "high", "scored")


class CardsError(UsageError):
    """Scorecards that cannot be ranked: everything that is wrong with any of them."""

    def __init__(self, problems: Sequence[str]) -> None:
        more = [f"and {len(problems) - MOST_SHOWN} problems more"] if len(problems) > MOST_SHOWN else []
        super().__init__("\n".join([*problems[:MOST_SHOWN], *more]))


def read_entrants(paths: Sequence[Path]) -> tuple[Entrant, ...]:
    """The entries of these scorecards, or of folders that hold one. Raises CardsError with all problems of all of them."""
    if len(paths) > MOST_CARDS:
        raise CardsError([f"{len(paths)} scorecards are given; at most {MOST_CARDS} are ranked at once"])
    problems: list[str] = []
    found = [each for path in paths if (each := _read_file(path, problems)) is not None]
    problems += _together(found)
    if problems:
        raise CardsError(problems)
    return tuple(found)


def _read_file(path: Path, problems: list[str]) -> Entrant | None:
    file = path / FILE if path.is_dir() else path
    try:
        value = parse_json(_bytes_of(file))
    except OSError as error:
        problems.append(
            f"{file}: cannot be read ({error.strerror}); name a scorecard.json, or the folder that holds it"
        )
        return None
    except StrictJsonError as error:
        problems.append(f"{file}: {error}")
        return None
    noted = Problems(str(file))
    entrant = _read_card(value, str(file), noted)
    problems += noted.found
    return None if noted.found else entrant


def _bytes_of(file: Path) -> bytes:
    with file.open("rb") as stream:
        data = stream.read(CARD_BYTES + 1)
    if len(data) > CARD_BYTES:
        raise StrictJsonError(f"is larger than {CARD_BYTES // MIB} MiB")
    return data


def _read_card(value: Json, place: str, problems: Problems) -> Entrant:
    top = Fields.of(value, "", problems)
    top.only(KEYS)
    top.text("schema", choices=(SCHEMA,))
    task = top.text("task", choices=task_names())
    tier = top.text("tier", limit=20)
    if task and tier != load_task(task).tier:
        problems.note("tier", f"found {tier!r}; {task} is {load_task(task).tier}")
    devices = tuple(_read_device(each) for each in top.objects("devices", MOST_DEVICES))
    if sum(device.scored for device in devices) > 1:
        problems.note("devices", "more than one is scored; the points of performance are those of one device")
    measures = _read_measures(top, devices, problems)
    _adds_up(top, "", measures, problems)
    tampering = top.texts("tampering", MOST_TEXTS)
    wrong = top.texts("problems", MOST_TEXTS)
    return Entrant(
        place=place,
        task=task,
        tier=tier,
        team=top.texts("team", MOST_PEOPLE, least=1, limit=NAME_LENGTH),
        digest=top.text("digest", pattern=DIGEST),
        date=top.text("date", pattern=DATE),
        weights=top.text("weights", limit=NAME_LENGTH),
        measures=measures,
        devices=devices,
        invalid=_invalid(tampering, wrong),
    )


def _invalid(tampering: Sequence[str], wrong: Sequence[str]) -> str:
    if tampering:
        return f"it tampers with its judge: {tampering[0]}"
    return f"it is no valid entry: {wrong[0]}" if wrong else ""


def _read_device(fields: Fields) -> Device:
    fields.only(DEVICE_KEYS)
    found = Device(
        profile=fields.text("profile", limit=80),
        name=fields.text("name", limit=200),
        calls=fields.integer("calls", 1_000_000, 1),
        speedup=fields.number("speedup", MOST_SPEEDUP),
        low=fields.number("low", MOST_SPEEDUP),
        high=fields.number("high", MOST_SPEEDUP),
        scored=fields.truth("scored"),
    )
    if not found.low <= found.speedup <= found.high:
        fields.problems.note(fields.where, "the speed-up lies outside of its own interval")
    return found


def _read_measures(top: Fields, devices: Sequence[Device], problems: Problems) -> tuple[Measure, ...]:
    """The six dimensions; of cross-hardware compatibility, what a device's peak is reached by is a measure of its own."""
    scored = [f"{device.name} ({device.profile})" for device in devices if device.scored]
    timed = ", ".join(sorted(f"{device.name} ({device.profile})" for device in devices))
    found: list[Measure] = []
    for fields in top.objects("dimensions", len(DIMENSIONS), len(DIMENSIONS)):
        measure, reached = _read_measure(fields)
        if measure.name == PERFORMANCE and measure.points is not None and not scored:
            problems.note(fields.where, "has points, and no device in `devices` is scored")
        if measure.name == PERFORMANCE and scored:
            measure = _on(measure, scored[0])
        found.append(measure)
        found += [_on(reached, timed)] if reached is not None else []
    names = [measure.name for measure in found if measure.name != REACHED]
    if sorted(names) != sorted(DIMENSIONS):
        problems.note("dimensions", f"found {', '.join(names) or 'none'}; each of {', '.join(DIMENSIONS)} stands once")
    return tuple(found)


def _on(measure: Measure, basis: str) -> Measure:
    return Measure(measure.name, measure.title, measure.points, measure.measured, measure.out_of, basis)


def _read_measure(fields: Fields) -> tuple[Measure, Measure | None]:
    """A dimension, without the part that is a measure of its own, and that part."""
    fields.only(DIMENSION_KEYS)
    name, title = fields.text("name", choices=DIMENSIONS), fields.text("title", limit=NAME_LENGTH)
    parts = [_read_part(part) for part in fields.objects("parts", MOST_PARTS, 1)]
    _adds_up(fields, fields.where, parts, fields.problems)
    if name != HARDWARE:
        return _joined(name, title, parts), None
    own = [part for part in parts if part.title == UTILISATION]
    rest = [part for part in parts if part.title != UTILISATION]
    return _joined(name, title, rest), _joined(REACHED, REACHED_TITLE, own)


def _joined(name: str, title: str, parts: Sequence[Measure]) -> Measure:
    measured = sum(part.measured for part in parts)
    points = sum(part.least for part in parts) if measured > 0 else None
    return Measure(name, title, points, measured, sum(part.out_of for part in parts))


def _read_part(fields: Fields) -> Measure:
    """A part: measured in whole, or not at all."""
    title, out_of = fields.text("title"), fields.number("out_of", MOST_POINTS)
    points = fields.optional_number("points", MOST_POINTS)
    if points is not None and points > out_of + ROUNDING:
        fields.problems.note(fields.where, f"has {points:g} points of {out_of:g}")
    return Measure("", title, points, 0.0 if points is None else out_of, out_of)


def _adds_up(fields: Fields, where: str, parts: Sequence[Measure], problems: Problems) -> None:
    """What is said of a whole must be what its parts come to."""
    room = ROUNDING * (1 + len(parts))
    for key, due in (
        ("points", sum(part.least for part in parts)),
        ("measured", sum(part.measured for part in parts)),
        ("out_of", sum(part.out_of for part in parts)),
    ):
        said = (
            fields.optional_number(key, MOST_POINTS) if key == "points" and where else fields.number(key, MOST_POINTS)
        )
        if abs((said or 0.0) - due) > room:
            problems.note(where, f"{key} is {said or 0:g}, and its parts come to {due:g}")


def _together(found: Sequence[Entrant]) -> list[str]:
    """What keeps cards from being ranked with each other."""
    problems = []
    twice = [key for key, number in Counter((each.task, each.digest) for each in found).items() if number > 1]
    for task, digest in twice:
        places = ", ".join(each.place for each in found if (each.task, each.digest) == (task, digest))
        problems.append(f"{places}: the same entry for {task} ({digest[:8]}) more than once; leave one of its cards")
    scales = {(each.weights, tuple((m.name, round(m.out_of, 4)) for m in _by_name(each))) for each in found}
    if len(scales) > 1:
        names = ", ".join(sorted({each.weights for each in found}))
        problems.append(
            f"the cards were made with different weights ({names}); make them again with one file of weights"
        )
    return problems


def _by_name(each: Entrant) -> list[Measure]:
    """The dimensions as the weights give them: with what was set apart put back."""
    whole: dict[str, float] = dict.fromkeys(DIMENSIONS, 0.0)
    for measure in each.measures:
        whole[HARDWARE if measure.name == REACHED else measure.name] += measure.out_of
    return [Measure(name, "", None, 0.0, out_of) for name, out_of in whole.items()]
