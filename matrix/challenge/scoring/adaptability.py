"""Open-source adaptability: schema, licence, style, imports, registration with FlagGems, and no fall-back to torch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from matrix.challenge.checking import Checked, Complaint, Concern
from matrix.challenge.scoring.correctness import Repeat
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score, divide
from matrix.challenge.style import Style
from matrix.challenge.watched import Watched, WatchedCall
from matrix.plain_text import one_line

NAME, TITLE = "adaptability", "Open-source adaptability"
NO_RUFF = "ruff is not installed here"
SHOWN = 5


def score_adaptability(  # noqa: PLR0913, PLR0917 - each is what one measurement found
    checked: Checked,
    style: Style | None,
    watched: Watched | None,
    weights: Mapping[str, float],
    out_of: float,
    repeat: Repeat,
) -> Score:
    """`style` and `watched` are None where they were not measured."""
    points = divide(out_of, dict(weights))
    files = style.files if style is not None else 1
    parts = [
        _schema(checked, points["schema"]),
        _of_files(
            checked, "licence and headers", (Concern.LICENCE, Concern.DOCUMENTATION), 2 * files, points["licence"]
        ),
        _style(style, points["style"]),
        _imports(checked, points["imports"]),
        _registration(watched, points["registration"]),
        _own_kernels(watched, points["own_kernels"], repeat),
    ]
    return Score(NAME, TITLE, out_of, tuple(parts), tuple(_exhibits(watched, repeat)))


def _about(checked: Checked, *concerns: Concern) -> list[Complaint]:
    return [complaint for complaint in checked.complaints if complaint.concern in concerns]


def _schema(checked: Checked, out_of: float) -> Part:
    title = "functions are called as ATen's schema says"
    if checked.entry is None:
        return Part(title, out_of, (Loss(next(iter(checked.problems), "entry.toml names no task"), 1.0),))
    names = {address.rpartition(":")[2] for address in checked.entry.functions.values()}
    wrong: dict[str, list[str]] = {}
    for complaint in _about(checked, Concern.SCHEMA, Concern.ENTRY, Concern.FILES):
        wrong.setdefault(complaint.place, []).append(complaint.text)
    bad = {place: texts for place, texts in wrong.items() if place in names}
    note = f"{len(names) - len(bad)} of {len(names)} functions"
    losses = [Loss(one_line("; ".join(texts), 400), 1 / len(names)) for texts in bad.values()]
    if set(wrong) - set(bad):
        text = next(texts[0] for place, texts in wrong.items() if place not in bad)
        losses = [Loss(one_line(text, 400), 1.0)]
    return Part(title, out_of, tuple(losses), note=note)


def _of_files(checked: Checked, title: str, concerns: tuple[Concern, ...], due: int, out_of: float) -> Part:
    found = _about(checked, *concerns)
    losses = tuple(Loss(complaint.text, 1 / max(due, len(found))) for complaint in found)
    return Part(title, out_of, losses, note=f"{due - min(due, len(found))} of {due} heads and docstrings")


def _style(style: Style | None, out_of: float) -> Part:
    title = "formatted, and clean by ruff's core rules"
    if style is None or style.core is None or style.unformatted is None:
        return Part(title, out_of, unmeasured=NO_RUFF)
    losses = []
    if style.unformatted:
        text = f"not formatted as `ruff format` does it: {', '.join(style.unformatted)}"
        losses.append(Loss(text, 0.5 * len(style.unformatted) / style.files))
    if style.core:
        files = {each.file for each in style.core}
        rules = Counter(each.rule for each in style.core).most_common(SHOWN)
        listed = ", ".join(f"{number} {rule}" for rule, number in rules)
        text = f"{len(style.core)} findings in {len(files)} files ({listed}), such as {style.core[0]}"
        losses.append(Loss(text, 0.5 * len(files) / style.files))
    return Part(title, out_of, tuple(losses), note=f"{style.files} files")


def _imports(checked: Checked, out_of: float) -> Part:
    title = "imports what is allowed, and runs no text"
    found = [complaint.text for complaint in _about(checked, Concern.IMPORTS)]
    losses = (Loss(one_line("; ".join(found), 600), 1.0),) if found else ()
    return Part(title, out_of, losses)


def _registration(watched: Watched | None, out_of: float) -> Part:
    title = "registers as FlagGems registers its own, and is called through torch"
    if watched is None:
        return Part(title, out_of, unmeasured="the entry was not called")
    tried = [each for each in watched.registered if not each.absent]
    losses = [Loss(f"{each.row}: {each.problem}", 1 / len(tried)) for each in tried if each.problem]
    if not tried:
        why = watched.problem or next((each.absent for each in watched.registered), "")
        gone = next(iter(watched.unresolved.values()), "")
        if gone:
            return Part(title, out_of, (Loss(f"there is no function to register: {gone}", 1.0),))
        return Part(title, out_of, unmeasured=why or "no form was tried")
    return Part(title, out_of, tuple(losses), note=f"{len(tried) - len(losses)} of {len(tried)} forms")


def _own_kernels(watched: Watched | None, out_of: float, repeat: Repeat) -> Part:
    """One call that computes by torch is enough to lose all of it: a fall-back is chosen by size, and hides."""
    title = "computes by its own kernels, at every size"
    if watched is None:
        return Part(title, out_of, unmeasured="the entry was not called")
    bad = watched.falling_back
    if not watched.calls:
        why = (
            watched.problem or next(iter(watched.unresolved.values()), "") or "no case could be called without an error"
        )
        return Part(title, out_of, (Loss(why, 1.0),))
    note = f"{len(watched.calls)} calls watched"
    if not bad:
        return Part(title, out_of, note=note)
    names = Counter(name for call in bad for name in call.computed)
    listed = ", ".join(f"aten::{name}" for name, _ in names.most_common(SHOWN))
    text = f"{len(bad)} of {len(watched.calls)} calls compute by torch ({listed}), such as {bad[0].case}"
    return Part(title, out_of, (Loss(text, 1.0, repeat(bad[0].id)),), note=note)


def _exhibits(watched: Watched | None, repeat: Repeat) -> list[Exhibit]:
    if watched is None:
        return []
    found = []
    if watched.falling_back:
        rows = tuple(
            (call.case, _operators(call), str(call.launches), repeat(call.id)) for call in watched.falling_back[:50]
        )
        head = ("case", "operators of torch that compute", "kernels launched", "command")
        found.append(Exhibit("Calls that fall back to torch", head, rows))
    if watched.registered:
        forms = tuple(
            (
                each.row,
                "not tried" if each.absent else "no" if each.problem else "yes",
                each.absent or each.problem or "-",
            )
            for each in watched.registered
        )
        found.append(Exhibit("Registration with FlagGems", ("form", "works", "why"), forms))
    return found


def _operators(call: WatchedCall) -> str:
    return ", ".join(f"{name} x {number}" for name, number in call.computed.items())
