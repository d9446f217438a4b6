"""attribute: which operators of a provider make a model's likelihoods wrong. Each probe is one fresh process with some of them.

Probes are kept in a journal, one JSON line each, so that a search that was ended goes on where it was. A probe that chance may
have decided is repeated with other texts, and all its tokens are judged together.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from matrix.cell import Cell
from matrix.inference.asking import Answer, Fault, ask
from matrix.inference.case import WorkloadCase
from matrix.inference.isolation import Found, Names, guilty_groups
from matrix.inference.likelihood import Likelihoods, weigh
from matrix.inference.parity import CANDIDATE_STEP, REFERENCE_STEP, likelihoods_of, question
from matrix.inference.request import CANDIDATE, REFERENCE, Request
from matrix.outcome import SUITE_PHASES, Outcome
from matrix.record import Json
from matrix.usage import UsageError

JOURNAL = "probes.jsonl"
# How often a probe whose verdict chance may have decided is repeated with other texts.
REPEATS = 3


class AttributionError(UsageError):
    """A search that cannot be made, or whose probes cannot be judged."""


@dataclass(frozen=True)
class Probe:
    """What a set of operators came to.

    only      the operators that the provider answered for; None: all it has
    outcome   PASS, WRONG, ...: as of a cell;  strain: the nearest statistic as a share of its bound, where there is one
    offered   all that the provider has;  repeats: how often it was repeated with other texts
    """

    only: Names | None
    outcome: Outcome
    detail: str
    seconds: float
    entered: Names | None = None
    offered: Names = ()
    suspect: str = ""
    strain: float | None = None
    repeats: int = 0

    @property
    def failed(self) -> bool:
        return self.outcome not in (Outcome.PASS, Outcome.UNDISPATCHED)


@dataclass(frozen=True)
class Verdict:
    """What a search found.

    groups  the guilty operators; those of one group fail only together;  evidence: what each group came to alone
    first   the probe with all operators;  rest: the one without the guilty (the first, where nobody is)
    """

    groups: tuple[Names, ...]
    probes: tuple[Probe, ...]
    first: Probe
    evidence: Mapping[Names, Probe]
    rest: Probe


@dataclass
class Search:
    """A search for the guilty operators of a cell."""

    cell: Cell
    directory: Path
    environment: Mapping[str, str]
    tell: Callable[[Probe], None] = lambda _: None
    model: Path | None = None
    known: dict[frozenset[str] | None, Probe] = field(default_factory=dict)
    references: dict[int, Answer] = field(default_factory=dict)
    asked: int = 0

    def run(self) -> Verdict:
        """Probe with everything, and search if that fails. Raises AttributionError."""
        self.directory.mkdir(parents=True, exist_ok=True)
        self.known = read_journal(self.directory / JOURNAL, str(self.cell.id))
        first = self.probe(None)
        names = first.offered
        if not first.failed:
            return Verdict((), tuple(self.known.values()), first, {}, first)
        groups = guilty_groups(names, lambda only: self.test(only, names))
        evidence = {group: self.probe(group) for group in groups}
        rest = self.probe(tuple(name for name in names if not any(name in group for group in groups)))
        return Verdict(tuple(groups), tuple(self.known.values()), first, evidence, rest)

    def test(self, only: Names, everything: Names) -> Found:
        probe = self.probe(None if len(only) == len(everything) else only)
        return Found(probe.failed, None if probe.entered is None else frozenset(probe.entered), probe.suspect)

    def probe(self, only: Names | None) -> Probe:
        """What a set comes to: from the journal, or from a process of its own."""
        key = None if only is None else frozenset(only)
        if key not in self.known:
            probe = self.carry(only)
            write_probe(self.directory / JOURNAL, str(self.cell.id), probe)
            self.known[key] = probe
            self.tell(probe)
        return self.known[key]

    def carry(self, only: Names | None) -> Probe:
        """Ask, and ask again with other texts while the verdict may be chance's."""
        started, gathered = time.monotonic(), None
        probe = None
        for number in range(REPEATS + 1):
            answer = self.ask_side(CANDIDATE, number, only)
            if isinstance(answer, Fault):
                return _of_fault(only, answer, time.monotonic() - started, number)
            gathered = _joined(gathered, likelihoods_of(self.reference(number), answer))
            probe, near = _of_answer(only, answer, gathered, self.case.dtype, number)
            if not near:
                break
        assert probe is not None
        return replace(probe, seconds=time.monotonic() - started)

    @property
    def case(self) -> WorkloadCase:
        assert isinstance(self.cell.case, WorkloadCase)
        return self.cell.case

    def reference(self, number: int) -> Answer:
        if number not in self.references:
            answer = self.ask_side(REFERENCE, number, None)
            if isinstance(answer, Fault):
                raise AttributionError(f"{self.cell.id}: the reference side has no answer: {answer.detail}")
            self.references[number] = answer
        return self.references[number]

    def ask_side(self, side: str, number: int, only: Names | None) -> Answer | Fault:
        self.asked += 1
        seed = str(self.cell.id.seed_text) + (f" repeat {number}" if number else "")
        request = Request(
            cell=self.cell,
            side=side,
            step=CANDIDATE_STEP if side == CANDIDATE else REFERENCE_STEP,
            folder=self.directory / "sides" / f"{os.getpid()}-{self.asked}-{side}",
            parent=os.getpid(),
            given=question(self.case.setting, seed),
            only=only,
            model=self.model,
        )
        return ask(request, lambda _: None, environment=self.environment, seconds=self.case.setting.seconds)


def _joined(before: Likelihoods | None, more: Likelihoods) -> Likelihoods:
    """The tokens of all repeats together."""
    if before is None:
        return more
    names = [name for name in before.scales if name in more.scales]
    return Likelihoods(
        truth=[*before.truth, *more.truth],
        native=[*before.native, *more.native],
        got=[*before.got, *more.got],
        scales={name: [*before.scales[name], *more.scales[name]] for name in names},
    )


def _of_answer(only: Names | None, answer: Answer, found: Likelihoods, dtype: str, repeats: int) -> tuple[Probe, bool]:
    """The probe, and whether chance may have decided it."""
    parity = weigh(found, dtype)
    outcome = Outcome.WRONG if parity.complaints else Outcome.UNDISPATCHED if answer.undispatched else Outcome.PASS
    detail = "; ".join(parity.complaints) or answer.undispatched
    suspect = parity.scales[0].operator if parity.complaints and parity.scales else ""
    probe = Probe(
        only, outcome, detail, 0.0, tuple(answer.entered), answer.offered, suspect, round(parity.strain, 3), repeats
    )
    return probe, parity.near


def _of_fault(only: Names | None, fault: Fault, seconds: float, repeats: int) -> Probe:
    if fault.phase in SUITE_PHASES:
        raise AttributionError(f"a probe cannot be judged: {fault.detail}")
    entered = tuple(fault.entered) or None
    return Probe(only, fault.outcome, fault.detail, seconds, entered, fault.offered, fault.operator, None, repeats)


def write_probe(path: Path, cell: str, probe: Probe) -> None:
    """Append a probe to the journal, in one write; on a line of its own, also after one that was cut."""
    cut = path.is_file() and not path.read_bytes().endswith(b"\n")
    line = json.dumps({"cell": cell, **_spelled(probe)}) + "\n"
    with path.open("ab", buffering=0) as file:
        file.write(b"\n" * cut + line.encode())


def _spelled(probe: Probe) -> dict[str, Json]:
    fields: dict[str, Any] = vars(probe)
    return {name: list(value) if isinstance(value, tuple) else value for name, value in fields.items()}


def read_journal(path: Path, cell: str) -> dict[frozenset[str] | None, Probe]:
    """The probes of an earlier search. A last line that was cut is left out.

    Raises AttributionError for a journal of another cell.
    """
    known: dict[frozenset[str] | None, Probe] = {}
    lines = path.read_bytes().split(b"\n") if path.is_file() else []
    for line in lines:
        try:
            fields = json.loads(line)
            its = fields.pop("cell")
            probe = _probe(fields)
        except (ValueError, TypeError, KeyError, AttributeError):
            continue  # empty, or cut
        if its != cell:
            raise AttributionError(f"{path} holds a search for {its}; name another folder for {cell}")
        known[None if probe.only is None else frozenset(probe.only)] = probe
    return known


def _probe(fields: Mapping[str, Any]) -> Probe:
    lists = {name: tuple(value) for name, value in fields.items() if isinstance(value, list)}
    return Probe(**{**fields, **lists, "outcome": Outcome(fields["outcome"])})
