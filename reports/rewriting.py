"""A file of expectations rewritten: what is changed is changed in place, and every other byte stays as it is.

The file is cut into its entries, each with the comment that stands directly above it. An entry that is not changed is
never parsed and written again. Inside of one, `tomlkit` changes the list of patterns and keeps its comments and layout.
The result is read back and must say what was meant, or nothing is written.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from matrix.usage import UsageError
from reports.updating import Edit, Update

_HEADER = re.compile(r"[ \t]*\[\[[ \t]*expect[ \t]*\]\][ \t]*(#.*)?\r?\n?")
_LINE = re.compile(r"[^\n]*\n|[^\n]+")
NEW_FILE = "# What is known to fail on {profile}, and why.\n"
NOT_INSTALLED = (
    "`expect update` rewrites TOML with tomlkit, which is not installed here; install the version that pyproject.toml "
    "pins in its group `run`, or use `expect draft` and edit the file by hand"
)


@dataclass(frozen=True)
class Entry:
    """One entry as text: the comment directly above it, itself, and what follows before the next."""

    above: str
    body: str
    below: str


def rewrite(text: str, update: Update, place: str) -> str:
    """The text of a file with an update carried out. `text` is empty where there is no file yet.

    Raises UsageError where the layout cannot be kept, or tomlkit is not installed.
    """
    if not update.changes:
        return text
    head, entries = _cut(text, place)
    edits = {edit.entry: edit for edit in update.edits}
    kept = [_carry_out(entry, edits.get(number)) for number, entry in enumerate(entries)]
    body = (head if text.strip() else NEW_FILE.format(profile=update.profile)) + "".join(kept)
    if update.drafts:
        body = f"{body.rstrip()}\n\n" + "\n".join(map(str, update.drafts))
    elif edits and edits.get(len(entries) - 1, Edit(0)).removed:
        body = f"{body.rstrip()}\n"
    if _meaning(body, place) != _meant(text, update, place):
        raise UsageError(f"{place}: the change cannot be made without changing more than was meant; edit it by hand")
    return body


def _cut(text: str, place: str) -> tuple[str, list[Entry]]:
    """What stands before the entries, and the entries."""
    lines: list[str] = _LINE.findall(text)
    starts = [number for number, line in enumerate(lines) if _HEADER.fullmatch(line)]
    parts = ["".join(lines[start:end]) for start, end in zip([0, *starts], [*starts, len(lines)], strict=True)]
    _check(parts, text, place)
    head, above = _attached(parts[0]) if len(parts) > 1 else (parts[0], "")
    entries: list[Entry] = []
    for part in parts[1:]:
        body, below = _body(part)
        last = len(entries) == len(parts) - 2
        below, further = (below, "") if last else _attached(below)
        entries.append(Entry(above, body, below))
        above = further
    return head, entries


def _check(parts: Sequence[str], text: str, place: str) -> None:
    """Refuse a file whose entries are not what stands between the lines `[[expect]]`."""
    whole = _meaning(text, place).get("expect", [])
    try:
        single = [tomllib.loads(part)["expect"][0] for part in parts[1:]]
    except (tomllib.TOMLDecodeError, KeyError):
        single = []
    if single != whole:
        raise UsageError(f"{place}: an entry does not begin with a line of its own, [[expect]]; edit the file by hand")


def _body(part: str) -> tuple[str, str]:
    """An entry without the blank lines and comments behind it: no value ends in one of those."""
    lines: list[str] = _LINE.findall(part)
    end = len(lines)
    while end and _is_idle(lines[end - 1]):
        end -= 1
    return "".join(lines[:end]), "".join(lines[end:])


def _is_idle(line: str) -> bool:
    return not line.strip() or line.lstrip().startswith("#")


def _attached(text: str) -> tuple[str, str]:
    """The text without the comment that ends it, and that comment: it stands directly above what comes next.

    A comment that no blank line parts from what stands before belongs there, and stays.
    """
    lines: list[str] = _LINE.findall(text)
    end = len(lines)
    while end and lines[end - 1].lstrip().startswith("#"):
        end -= 1
    apart = end > 0 and not lines[end - 1].strip()
    return ("".join(lines[:end]), "".join(lines[end:])) if apart else (text, "")


def _carry_out(entry: Entry, edit: Edit | None) -> str:
    if edit is None:
        return entry.above + entry.body + entry.below
    if edit.removed:
        return entry.below.lstrip("\r\n")  # comments of its own; what stands before ends in a blank line already
    return entry.above + _with_patterns(entry.body, edit.patterns) + entry.below


def _with_patterns(body: str, patterns: Mapping[int, tuple[str, ...]]) -> str:
    """The entry with other patterns, its list laid out as it was."""
    try:
        import tomlkit
        from tomlkit.items import Array
    except ImportError:
        raise UsageError(NOT_INSTALLED) from None
    document: Any = tomlkit.parse(body)
    entry = document["expect"][0]
    if not isinstance(entry["pattern"], Array):
        found = patterns[0]
        entry["pattern"] = found[0] if len(found) == 1 else _listed(tomlkit.array(), found)
        return str(document.as_string())
    for place in sorted(patterns, reverse=True):
        texts = patterns[place]
        if not texts:
            del entry["pattern"][place]
            continue
        entry["pattern"][place] = texts[0]
        for further, text in enumerate(texts[1:], place + 1):
            entry["pattern"].insert(further, text)
    return str(document.as_string())


def _listed(array: Any, patterns: Sequence[str]) -> Any:
    array.extend(patterns)
    array.multiline(multiline=True)
    return array


def _meaning(text: str, place: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UsageError(f"{place}: no TOML ({error}); correct that line") from None


def _meant(text: str, update: Update, place: str) -> dict[str, Any]:
    """What the new file has to say."""
    meaning = _meaning(text, place)
    edits = {edit.entry: edit for edit in update.edits}
    entries = []
    for number, entry in enumerate(meaning.get("expect", [])):
        edit = edits.get(number)
        if edit is None:
            entries.append(entry)
        elif not edit.removed:
            entries.append({**entry, "pattern": _replaced(entry["pattern"], edit.patterns)})
    entries += [tomllib.loads(str(draft))["expect"][0] for draft in update.drafts]
    rest = {key: value for key, value in meaning.items() if key != "expect"}
    return {**rest, "expect": entries} if entries else rest


def _replaced(found: str | list[str], patterns: Mapping[int, tuple[str, ...]]) -> str | list[str]:
    if isinstance(found, str):
        return patterns[0][0] if len(patterns[0]) == 1 else list(patterns[0])
    return [text for place, old in enumerate(found) for text in patterns.get(place, (old,))]
