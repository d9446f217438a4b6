"""scorecard.html: the card for a browser, one file without a script, in which every text is escaped and nothing may act."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from matrix.challenge.scoring.card import Ground, Scorecard
from matrix.challenge.scoring.score import Exhibit, Loss, Part, Score
from reports.wording import moment, one_line

STYLE = Path(__file__).with_name("scorecard.css")
FRAME = Path(__file__).with_name("scorecard.html")
CAUTION = "What was not measured is no loss and no gain: cards that measured different things cannot be ranked."
LONG, SHORT = 600, 160
CODES = ("command", "case", "call", "before", "after")


def render_scorecard_page(card: Scorecard) -> str:
    """The whole file."""
    style = STYLE.read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    subject = card.subject
    title = f"Scorecard: {subject.task}, by {', '.join(subject.team)}"
    parts = [
        _head(card, title),
        _warnings(card),
        _overview(card),
        *(_section(score) for score in card.scores),
        _lists(card),
        _grounds(card),
    ]
    return Template(FRAME.read_text(encoding="utf-8")).substitute(
        policy=f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'",
        title=_text(title, SHORT),
        style=style,
        body="\n".join(part for part in parts if part),
    )


def _text(text: str, limit: int = LONG) -> str:
    """An untrusted text: on one line, bounded, and with no character that HTML acts upon."""
    return escape(one_line(text, limit), quote=True)


def _number(points: float) -> str:
    return f"{points:.2f}".rstrip("0").rstrip(".")


def _head(card: Scorecard, title: str) -> str:
    over = "" if card.complete else f" <small>that could be measured here, of {_number(card.out_of)} in all</small>"
    subject = card.subject
    facts = [
        f"tier {_text(subject.tier, 40)}",
        f"licence {_text(subject.licence, 60)}",
        f"entry <code>{_text(subject.digest[:16], 16)}</code>",
        f"weights {_text(card.weights, 80)}",
        _text(card.date, 20),
    ]
    caution = "" if card.complete else f'<p class="caution">{CAUTION}</p>'
    return (
        f'<header>\n<p class="kicker">Operator challenge</p>\n<h1>{_text(title, SHORT)}</h1>\n'
        f'<p class="total"><strong>{_number(card.points)}</strong> of {_number(card.measured)} points{over}</p>\n'
        f'<p class="facts">{" · ".join(facts)}</p>\n{caution}\n</header>'
    )


def _warnings(card: Scorecard) -> str:
    if not card.tampering:
        return ""
    title = "It tampers with its judge, so it earns nothing"
    return f'<section class="tampering"><h2>{title}</h2>{_items(card.tampering)}</section>'


def _overview(card: Scorecard) -> str:
    rows = "".join(
        f'<tr><th scope="row"><a href="#{_text(score.name, 40)}">{_text(score.title, 80)}</a></th>'
        f'<td>{_meter(score)}</td><td class="number">{_amount(score)}</td></tr>'
        for score in card.scores
    )
    return f'<section aria-label="Dimensions"><table class="overview"><tbody>{rows}</tbody></table></section>'


def _meter(score: Score) -> str:
    """A bar over all points: what was earned, of what was measured. An svg, so that no style stands in an element."""
    earned, measured = 100 * (score.points or 0) / score.out_of, 100 * score.measured / score.out_of
    return (
        f'<svg class="meter" viewBox="0 0 100 6" preserveAspectRatio="none" role="img" aria-label="{_amount(score)}">'
        f'<rect class="whole" width="100" height="6"/><rect class="measured" width="{measured:.2f}" height="6"/>'
        f'<rect class="earned" width="{earned:.2f}" height="6"/></svg>'
    )


def _amount(score: Score) -> str:
    if score.points is None:
        return f"unmeasured, of {_number(score.out_of)}"
    rest = "" if score.measured > score.out_of - 1e-6 else f" (of {_number(score.out_of)} in all)"
    return f"{_number(score.points)} of {_number(score.measured)}{rest}"


def _section(score: Score) -> str:
    losses = "".join(_loss(part, loss) for part in score.parts for loss in part.losses if part.out_of)
    gaps = "".join(
        f'<li class="gap">not measured ({_number(part.out_of)}): {_text(part.title, SHORT)}: {_text(part.unmeasured)}</li>'
        for part in score.parts
        if part.unmeasured and part.out_of
    )
    reasons = f'<ul class="reasons">{losses}{gaps}</ul>' if losses or gaps else '<p class="whole">Nothing was lost.</p>'
    remarks = "".join(f"<p>{_text(remark)}</p>" for remark in score.remarks)
    exhibits = "".join(_exhibit(exhibit) for exhibit in score.exhibits)
    return (
        f'<section id="{_text(score.name, 40)}">'
        f'<h2>{_text(score.title, 80)} <span class="number">{_amount(score)}</span></h2>\n'
        f"{_parts(score)}\n{reasons}\n{remarks}\n{exhibits}</section>"
    )


def _parts(score: Score) -> str:
    rows = [
        (
            part.title,
            "unmeasured" if part.points is None else f"{_number(part.points)} of {_number(part.out_of)}",
            part.note,
        )
        for part in score.parts
        if part.out_of
    ]
    return _table(("part", "points", "found"), rows)


def _loss(part: Part, loss: Loss) -> str:
    points = _number(loss.share * part.out_of)
    command = f"<br><code>{_text(loss.command)}</code>" if loss.command else ""
    return f"<li><b>-{points}</b> {_text(part.title, SHORT)}: {_text(loss.text)}{command}</li>"


def _exhibit(exhibit: Exhibit) -> str:
    note = f"<p>{_text(exhibit.note)}</p>" if exhibit.note else ""
    return (
        f"<details><summary>{_text(exhibit.title, SHORT)} ({len(exhibit.rows)})</summary>{note}"
        f"{_table(exhibit.headers, exhibit.rows)}</details>"
    )


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{_text(text, 60)}</th>' for text in headers)
    body = "".join(
        "<tr>" + "".join(_cell(name, text) for name, text in zip(headers, row, strict=True)) + "</tr>" for row in rows
    )
    return f'<div class="scroll"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'


def _cell(head: str, text: str) -> str:
    return f"<td><code>{_text(text)}</code></td>" if head in CODES else f"<td>{_text(text)}</td>"


def _lists(card: Scorecard) -> str:
    found = []
    for title, texts in (
        ("What is wrong with the entry", card.problems),
        ("What is still to be done", card.missing),
        ("Remarks", card.remarks),
    ):
        if texts:
            found.append(f"<section><h2>{title}</h2>{_items(texts)}</section>")
    return "\n".join(found)


def _items(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{_text(text)}</li>' for text in texts)}</ul>"


def _grounds(card: Scorecard) -> str:
    rows = [
        (
            ground.kind,
            ground.name,
            moment(ground.started),
            str(ground.counted),
            ", ".join(ground.columns),
            _facts(ground),
            ground.held or "-",
        )
        for ground in card.grounds
    ]
    note = "<p>Points that were measured on different machines or devices are not to be compared as if they were the same.</p>"
    table = _table(("run", "name", "started", "cells", "columns", "machine and stack", "held by"), rows)
    return f"<section><h2>What this rests on</h2>{table}{note}</section>"


def _facts(ground: Ground) -> str:
    facts = {**ground.machine, **{name: text for name, text in ground.stack.items() if name != "entry"}}
    return ", ".join(f"{name} {text}" for name, text in facts.items())
