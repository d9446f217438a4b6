"""One entry's row: its candidates tried on torch, the kept ones named, everything else from the schema and tables."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import torch

from operators.call import parse_call
from operators.harvest.choosing import (
    BUDGET,
    HEAVY,
    HEAVY_BUDGET,
    TRIED,
    Candidate,
    diverse,
    first_rank,
    kind_of,
    raised,
)
from operators.harvest.deriving import Found, derived, is_brief
from operators.harvest.entries import Entry
from operators.harvest.extras import EXTRAS
from operators.harvest.families import WRITTEN, against_of, family_of, vacuous_of
from operators.harvest.fitting import Pool, is_own, schema_of
from operators.harvest.notation import Domain, output_names, with_outputs, write_call
from operators.harvest.verifying import ACCIDENTAL, DTYPES, accepted_dtypes
from operators.operator import Operator, Sample

Domains = dict[tuple[str, str], dict[str, Domain]]
TYPICAL, BRIEF = 6, 3  # typical samples of an entry; of one that is another's in-place or out variant
EVERYWHERE = 1  # so many typical samples run at every dtype
FEW = 3  # the others at so many
ENOUGH = 2  # own calls: then no others are looked at


def candidates_for(entry: Entry, schema: Any, pool: Pool, domains: Domains) -> list[Candidate]:
    """Every different call that fits the entry, small enough to run in an interpreter."""
    budget = HEAVY_BUDGET if family_of(entry.packet) in HEAVY else BUDGET
    found: dict[str, Candidate] = {}
    for recorded, arguments in pool.fitting(entry, schema):
        ranges = domains.get((recorded.overload, recorded.source), {})
        call = with_outputs(write_call(arguments, schema, recorded, ranges), schema)
        candidate = Candidate(call, recorded.source, recorded.device_dtypes, is_own(recorded, entry))
        if candidate.elements <= budget and not (candidate.is_foreign or candidate.is_long):
            found.setdefault(str(call), candidate)
    own = [candidate for candidate in found.values() if candidate.own]
    return own if len(own) >= ENOUGH else list(found.values())


def tried(entry: Entry, candidates: list[Candidate]) -> Iterator[Found]:
    """Candidates that torch takes, with their kind and dtypes; the most different first."""
    target = getattr(getattr(torch.ops.aten, entry.packet), entry.overload)
    native = against_of(entry.packet) == "native"
    for number, candidate in enumerate(diverse(candidates)):
        if number >= TRIED:
            return
        dtypes = accepted_dtypes(target, candidate.call, candidate.device_dtypes, own=candidate.own, native=native)
        dtypes = tuple(name for name in dtypes if name not in ACCIDENTAL.get(entry.name, ()))
        if not candidate.is_typed:
            fixed = [spec.dtype for spec in candidate.tensors if spec.dtype in dtypes]
            dtypes = (*fixed, *dtypes)[:1]
        if dtypes:
            yield Found(kind_of(candidate.call), candidate, dtypes)


def extras_for(entry: Entry, candidates: list[Candidate]) -> list[Candidate]:
    """The calls of our own for this entry; what a GPU takes is known from the OpInfo, if there is one."""
    own = next((candidate for candidate in candidates if candidate.own), None)
    taken = own.device_dtypes if own else frozenset()
    return [Candidate(parse_call(text), "", taken, own is not None) for text in EXTRAS.get(entry.name, ())]


def opened(extras: list[Found], chosen: list[Found], limit: int) -> list[Found]:
    """Our own calls in front, and no call twice."""
    by_text = {str(item.candidate.call): item for item in reversed([*extras, *chosen])}
    first = [str(item.candidate.call) for item in extras]
    return [by_text[text] for text in dict.fromkeys([*first, *reversed(by_text)])][:limit]


def typical(found: list[Found], limit: int) -> list[Found]:
    """The typical samples, the best of them at the front."""
    usual = [item for item in found if item.kind == "typical"] or found[:1]
    if not usual:
        return []
    first = max(usual, key=lambda item: first_rank(item.candidate, item.dtypes))
    chosen = [first, *[item for item in usual if item is not first]][:limit]
    return [Found("typical", item.candidate, item.dtypes) for item in chosen]


def row(entry: Entry, pool: Pool, domains: Domains) -> Operator:
    """The row of an entry; without samples where nothing could be harvested."""
    schema = schema_of(entry)
    if schema is None:
        return operator_of(entry, schema, [], [])
    candidates = candidates_for(entry, schema, pool, domains)
    if all(max((len(spec.shape) for spec in c.tensors), default=9) < 2 for c in candidates if c.elements):
        candidates += raised(candidates)
    found = list(tried(entry, candidates))
    chosen = chosen_for(entry, candidates, found)
    texts = {str(item.candidate.call) for item in chosen}
    recorded = [item for item in found if str(item.candidate.call) not in texts and item.kind != "typical"]
    refused = refused_by_torch(entry, schema, pool)
    return operator_of(entry, schema, chosen, derived(entry, chosen, recorded, refused) if chosen else [])


def chosen_for(entry: Entry, candidates: list[Candidate], found: list[Found]) -> list[Found]:
    """The typical samples of a row: those of our own, then the best of torch's."""
    limit = BRIEF if is_brief(entry) else TYPICAL
    extras = [replace(item, kind="typical") for item in tried(entry, extras_for(entry, candidates))]
    extras.sort(key=lambda item: EXTRAS[entry.name].index(str(item.candidate.call)))
    return opened(extras, typical(found, limit), limit)


def refused_by_torch(entry: Entry, schema: Any, pool: Pool) -> list[Candidate]:
    """Calls that torch's own tests expect to raise."""
    refused = []
    for recorded, arguments in pool.refused(entry, schema):
        call = with_outputs(write_call(arguments, schema, recorded, {}), schema)
        candidate = Candidate(call, recorded.source, recorded.device_dtypes, own=True)
        if not (candidate.is_long or candidate.is_foreign):
            refused.append(candidate)
    return refused


def operator_of(entry: Entry, schema: Any, chosen: list[Found], edges: list[tuple[str, Sample]]) -> Operator:
    """The row with its samples named and its dtypes those of the typical samples."""
    used = {dtype for item in chosen for dtype in item.dtypes}
    dtypes = tuple(name for name in (*DTYPES, "float64") if name in used)
    sources = dict.fromkeys(f"OpInfo {item.candidate.source}" for item in chosen if item.candidate.source)
    return Operator(
        name=entry.name,
        base=entry.packet,
        family=family_of(entry.packet),
        providers={"flag_gems": "aten"},
        reference="aten",
        against=against_of(entry.packet),
        dtypes=dtypes,
        samples=(*_typical_samples(chosen, dtypes), *(sample for _kind, sample in edges)),
        outputs=written(entry, schema) if schema is not None else (),
        vacuous=vacuous_of(entry.name),
        source=", ".join(list(sources)[:2]) or "own",
        no_cases=None if chosen else "no sample of torch's own leads to it",
    )


def written(entry: Entry, schema: Any) -> tuple[str, ...]:
    """The arguments that the call changes, besides what it returns."""
    names = [a.name for a in schema.arguments if a.alias_info is not None and a.alias_info.is_write and not a.is_out]
    return (*names, *output_names(schema), *WRITTEN.get(entry.packet, ()))


def _typical_samples(chosen: list[Found], dtypes: tuple[str, ...]) -> Iterator[Sample]:
    for number, item in enumerate(chosen):
        kept = item.dtypes if number < EVERYWHERE else item.dtypes[:FEW]
        yield Sample(f"typical-{number}", str(item.candidate.call), None if kept == dtypes else kept)
