"""Levels: more evidence of passing never lowers one, and weaker evidence never raises one."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from backends.gate import Level, Scheme, load_scheme
from matrix.columns import Column
from matrix.outcome import Evidence, Outcome
from matrix.plan import Selection, plan
from matrix.validation.evidence import finals, gather, gather_timed
from matrix.validation.levels import Answer, following, judge_gates, missing, reached
from matrix.validation.measures import Grounds
from matrix.validation.repeated import Repetitions
from matrix.validation.timing import speedup_of
from tests.matrix.validation.conftest import CHIP, CORE, LAME, OPERATORS, make_run, result
from tests.matrix.validation.test_measures import soak

SHIPPED = load_scheme()
# The same gates, so loose that a small world can be anywhere among them.
LOOSE = replace(
    SHIPPED,
    gates=tuple(
        replace(gate, at_least=min(gate.at_least, 0.5), coverage=min(gate.coverage, 0.3), hours=gate.hours and 0.5)
        for gate in SHIPPED.gates
    ),
)
RUN = plan(Selection("full"), [Column(CHIP, Evidence.RUN)], OPERATORS, ()).ids
TIME = plan(Selection("full"), [Column(CHIP, Evidence.TIME)], OPERATORS, ()).ids
ROWS = [name.partition(":")[2].rpartition("@")[0] for name in RUN]
OUTCOMES = [Outcome.PASS, Outcome.PASS, Outcome.PASS, Outcome.WRONG, Outcome.CRASH, Outcome.INFRA, Outcome.NOT_RUN]

Found = dict[str, Outcome]
judged = st.dictionaries(st.sampled_from(RUN), st.sampled_from(OUTCOMES))
timed = st.dictionaries(st.sampled_from(TIME), st.floats(0.1, 10))
reference = st.dictionaries(st.sampled_from(ROWS), st.booleans())


def rank(
    found: Found,
    speeds: dict[str, float],
    there: dict[str, bool],
    *,
    scheme: Scheme = LOOSE,
    weak: Found | None = None,
    lame: bool = False,
    repeated: frozenset[str] = frozenset(ROWS),
) -> int:
    """How many levels are reached."""
    results = {name: result(name, speedup=speed) for name, speed in speeds.items()}
    run = make_run({**(weak or {}), **found, **results})
    kept, profile = finals([run], "chip"), LAME if lame else CHIP
    grounds = Grounds(
        rows=gather(profile, OPERATORS, CORE, kept, ()),
        timed=gather_timed(profile, OPERATORS, CORE, kept, speedup_of),
        repeated=dict.fromkeys(repeated, Repetitions(1000, 0)),
        soak=soak(72),
        reference={"NVIDIA": there},
    )
    level = reached(scheme, judge_gates(scheme, grounds))
    return 0 if level is None else scheme.levels.index(level) + 1


@given(judged, timed, reference, st.sets(st.sampled_from(RUN)), st.booleans())
@settings(max_examples=120, deadline=None)
def test_more_evidence_of_passing_never_lowers_a_level(
    found: Found, speeds: dict[str, float], there: dict[str, bool], more: set[str], lame: bool
) -> None:
    before = rank(found, speeds, there, lame=lame)
    assert rank(found | dict.fromkeys(more, Outcome.PASS), speeds, there, lame=lame) >= before


@given(judged, timed, st.sets(st.sampled_from(TIME)))
@settings(max_examples=50, deadline=None)
def test_a_call_that_is_as_fast_as_the_native_one_never_lowers_a_level(
    found: Found, speeds: dict[str, float], more: set[str]
) -> None:
    there = dict.fromkeys(ROWS, True)
    new = {name: max(speeds.get(name, 1.0), 1.0) for name in more}
    assert rank(found, speeds | new, there) >= rank(found, speeds, there)


@given(judged, timed, st.sets(st.sampled_from(ROWS)), st.sets(st.sampled_from(ROWS)))
@settings(max_examples=50, deadline=None)
def test_more_repetitions_that_are_alike_never_lower_a_level(
    found: Found, speeds: dict[str, float], some: set[str], more: set[str]
) -> None:
    there = dict.fromkeys(ROWS, True)
    before = rank(found, speeds, there, repeated=frozenset(some))
    assert rank(found, speeds, there, repeated=frozenset(some | more)) >= before


@given(judged, timed, reference, st.sampled_from(["compile", "interpret"]), st.sets(st.sampled_from(RUN)))
@settings(max_examples=80, deadline=None)
def test_weaker_evidence_changes_no_level(
    found: Found, speeds: dict[str, float], there: dict[str, bool], evidence: str, more: set[str]
) -> None:
    weak = {name.replace("@run", f"@{evidence}"): Outcome.PASS for name in more}
    assert rank(found, speeds, there, weak=weak) == rank(found, speeds, there)


@given(judged, timed, reference)
@settings(max_examples=50, deadline=None)
def test_no_evidence_of_a_worse_chip_reaches_more(
    found: Found, speeds: dict[str, float], there: dict[str, bool]
) -> None:
    worse: Found = {name: Outcome.WRONG if outcome is Outcome.PASS else outcome for name, outcome in found.items()}
    assert rank(worse, speeds, there) <= rank(found, speeds, there)


def test_the_properties_see_every_level() -> None:
    everything, there = dict.fromkeys(RUN, Outcome.PASS), dict.fromkeys(ROWS, True)
    fast = dict.fromkeys(TIME, 1.0)
    assert rank(everything, fast, there, scheme=SHIPPED) == 4
    assert rank(everything, fast, {}, scheme=SHIPPED) == 2
    assert rank(everything, fast, there, scheme=SHIPPED, repeated=frozenset()) == 1
    assert rank(everything, {}, there, scheme=SHIPPED) == 0
    one_bad = everything | {RUN[-1]: Outcome.WRONG}
    assert rank(one_bad, fast, there, scheme=SHIPPED) == 2, "1 of 28 cases passes on the reference chip only"
    assert rank(one_bad, fast, there | {ROWS[-1]: False}, scheme=SHIPPED) == 3, (
        "1 of 5 operators fails, and no core one"
    )


def test_a_level_that_is_not_reached_stops_the_ladder_and_says_what_is_missing() -> None:
    grounds = Grounds(gather(CHIP, OPERATORS, CORE, {}, ()), soak=soak(72))
    standings = judge_gates(SHIPPED, grounds)
    assert reached(SHIPPED, standings) is None
    first = following(SHIPPED, None)
    assert first is not None
    assert first.name == "Ready"
    assert [each.gate.name for each in missing(SHIPPED, first, standings)] == list(first.gates)
    assert {each.gate.name for each in standings if each.answer is Answer.PASSED} == {"stress", "no-leak"}


def test_after_the_last_level_nothing_follows() -> None:
    last = SHIPPED.levels[-1]
    assert following(SHIPPED, last) is None
    assert missing(SHIPPED, None, ()) == ()
    assert following(SHIPPED, Level(SHIPPED.levels[0].name, SHIPPED.levels[0].gates)) == SHIPPED.levels[1]
