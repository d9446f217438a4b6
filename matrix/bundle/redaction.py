"""Taking out of a run what names its machine, its people and its folders.

Facts of the machine are kept by an allow-list: a fact that is not on it is left out. Free texts (details, tracebacks,
outputs, arguments, comments) are gone through for what is known of this machine (`known_values`) and for what has a
telling form (`patterns`). Ids, outcomes, numbers and names of kernels stay as they are: they are the record. At the end
everything is searched for the known values once more, and a bundle in which one is left is not written.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from matrix.bundle.known_values import ROOT, KnownValues, expression
from matrix.bundle.patterns import FORMS, PROJECT
from matrix.record import Json
from matrix.usage import UsageError

# Facts of a machine that are kept, and `devices of <profile>`; `system` only as far as it names no build.
FACTS = ("system", "machine", "processor", "cores", "memory", "python")
DEVICES = "devices of "
_SYSTEM = re.compile(
    r"(?P<name>[A-Za-z]+)-(?P<release>\d+(?:\.\d+){0,2})"
    r"(?:.*?-(?P<processor>x86_64|aarch64|arm64|riscv64|loongarch64|AMD64))?(?:.*?-with-(?P<library>(?:glibc|musl)[\d.]+))?"
)
_VERSION = re.compile(r"[\w.!+-]{1,80}|installed, of unknown version")
# Options whose values are folders and files.
PATH_OPTIONS = ("--out", "--resume", "--catalogue", "--expectations")
# Fields of a result that hold names and numbers of the record; all other texts in it are free, and `file` is a path.
STRUCTURE = ("event", "cell", "outcome", "phase", "kernel", "remembered", "policies", "vacuous")
FILE = "file"
# What a profile's author wrote down of its sources stays.
_NOT_IN_PROFILES = ("url",)

Change = Callable[[str], str]


class RedactionError(UsageError):
    """Something that names the machine would be left in the bundle."""


@dataclass
class Redactor:
    """Redacts the parts of one run, and counts what it replaces."""

    known: KnownValues
    replaced: Counter[str] = field(default_factory=Counter)
    _done: dict[str, tuple[str, Counter[str]]] = field(default_factory=dict)

    def text(self, text: str) -> str:
        """A free text without what names the machine or a person."""
        if text not in self._done:
            self._done[text] = self._redact(text, public=True, without=())
        changed, count = self._done[text]
        self.replaced += count
        return changed

    def profile(self, text: str) -> str:
        """A profile's file likewise; words that are public are part of what it declares."""
        changed, count = self._redact(text, public=False, without=_NOT_IN_PROFILES)
        self.replaced += count
        return changed

    def file(self, path: str) -> str:
        """The file of a kernel: it stays where it is named relative to its package."""
        return self.text(path) if path.startswith(("/", "~", "\\")) or ".." in path or ":" in path else path

    def worker(self, name: str) -> str:
        """`gw0-4711` without its process id."""
        return name.partition("-")[0]

    def machine(self, facts: Mapping[str, str]) -> dict[str, str]:
        kept = {name: self.text(text) for name, text in facts.items() if name in FACTS or name.startswith(DEVICES)}
        if "system" in kept:
            kept["system"] = _system(facts["system"])
        self.replaced["fact"] += len(facts) - len(kept)
        return kept

    def stack(self, versions: Mapping[str, str]) -> dict[str, str]:
        return {name: text if _VERSION.fullmatch(text) else self.text(text) for name, text in versions.items()}

    def arguments(self, arguments: Sequence[str]) -> list[str]:
        """The command line with `<path>` for every folder and file."""
        kept: list[str] = []
        for place, argument in enumerate(arguments):
            option, equals, value = argument.partition("=")
            before = arguments[place - 1] if place else ""
            if _names_path(before) or (not equals and _is_path(argument)):
                kept.append(self._counted("path", "<path>"))
            elif equals and (_names_path(option) or _is_path(value)):
                kept.append(self._counted("path", f"{option}=<path>"))
            else:
                kept.append(self.text(argument))
        return kept

    def result(self, fields: Mapping[str, Json]) -> dict[str, Json]:
        """A result as JSON, redacted."""
        return {
            name: self.worker(value) if name == "worker" and isinstance(value, str) else self._value(name, value)
            for name, value in fields.items()
        }

    def _value(self, name: str, value: Json) -> Json:
        if name in STRUCTURE:
            return value
        if isinstance(value, str):
            return self.file(value) if name == FILE else self.text(value)
        if isinstance(value, list):
            return [self._value(name, item) for item in value]
        return {key: self._value(key, item) for key, item in value.items()} if isinstance(value, dict) else value

    def _redact(self, text: str, *, public: bool, without: Sequence[str]) -> tuple[str, Counter[str]]:
        """Folders first, for they may hold spaces; names last, for they stand in paths and addresses too."""
        count: Counter[str] = Counter()
        text = self._take_out(("path",), text, count, public=public)
        for form in FORMS:
            if form.kind not in without:
                before = text
                text = form.pattern.sub(form.write, before)
                if text != before:
                    count[form.kind] += sum(form.write(match) != match[0] for match in form.pattern.finditer(before))
        return self._take_out(("host", "user"), text, count, public=public), count

    def _take_out(self, kinds: Sequence[str], text: str, count: Counter[str], *, public: bool) -> str:
        for kind in kinds:
            for value in self.known.values.get(kind, ()):
                shared = self.known.is_public(value)
                if public or not shared:
                    instead = PROJECT if value == str(ROOT) else f"<{kind}>"
                    text, number = expression(value, public=shared).subn(instead, text)
                    count[kind] += number
        return text

    def _counted(self, kind: str, text: str) -> str:
        self.replaced[kind] += 1
        return text


def check_nothing_left(members: Mapping[str, bytes], known: KnownValues) -> None:
    """Search a bundle's members for the known values.

    Raises RedactionError that says of which kind a value was found and where, without naming it.
    """
    for name, data in members.items():
        text = data.decode()
        for place, line in enumerate([name, *text.splitlines()]):
            found = next(known.left_in(line, free=False), None) or _in_texts(line, known)
            if found is not None:
                kind, value = found
                raise RedactionError(
                    f"the {kind} {value!r} is still in {name}, line {place}, as part of a name that cannot be changed; "
                    "rename that, or bundle without --redact"
                )


def _in_texts(line: str, known: KnownValues) -> tuple[str, str] | None:
    """What is left in the texts of a line of JSON once their escapes are read."""
    if not line.startswith("{"):
        return None
    names: list[str] = []
    free: list[str] = []
    for name, text in _texts(json.loads(line) if line.endswith("}") else {}, ""):
        (names if name in STRUCTURE or name == FILE else free).append(text)
    found = [*known.left_in("\n".join(names), free=False), *known.left_in("\n".join(free), free=True)]
    return found[0] if found else None


def _texts(value: Json, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item, name)
    elif isinstance(value, dict):
        for key, item in value.items():
            yield "event", key
            yield from _texts(item, name if name in STRUCTURE else key)


def _system(text: str) -> str:
    """`Linux-6.1.0-acme-x86_64-with-glibc2.36` without whose kernel it is."""
    found = _SYSTEM.match(text)
    if found is None:
        return "<system>"
    parts = [
        found["name"],
        found["release"],
        found["processor"],
        f"with-{found['library']}" if found["library"] else None,
    ]
    return "-".join(part for part in parts if part)


def _names_path(option: str) -> bool:
    """Whether an option, which may be shortened, takes a folder or file."""
    return len(option) > 2 and any(name.startswith(option) for name in PATH_OPTIONS)


def _is_path(text: str) -> bool:
    return "/" in text or "\\" in text or text.endswith(".toml")
