"""The journal: the only truth about a run. One file per process that writes, one JSON line per event.

    {"event": "run", ...header}                      the orchestrator's file opens with it
    {"event": "process", "worker": w, "pid": p, "born": ticks}    every other file opens with it
    {"event": "start", "cell": id, "attempt": n, "worker": w, "time": iso}
    {"event": "result", "time": iso, ...Result}      matrix/record.py spells it
    {"event": "probe" | "death" | "quarantine", ...} what else a reader may want to know

A line is one write to a file opened for appending, so the death of its process loses at most the line in flight. A
forked child of the writer must never write, and cannot. The reader trusts nothing: a torn, foreign or oversized line
becomes a warning.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path

from matrix.record import Json, RecordError, result_from_json, result_to_json
from matrix.result import Result
from matrix.run import Header, Run
from matrix.runner.processes import birth

PATTERN = "journal-*.jsonl"
LINE_LIMIT = 1024 * 1024
FILE_LIMIT = 2 * 1024**3
WARNINGS_LIMIT = 100

Event = dict[str, Json]


class Journal:
    """A journal that this process, and no child forked from it, writes."""

    def __init__(self, path: Path, worker: str) -> None:
        self.path = path
        self.worker = worker
        self._pid = os.getpid()
        self._file = self._open()

    def _open(self) -> int:
        return os.open(self.path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)

    def write(self, event: str, fields: Mapping[str, Json]) -> None:
        """Append one event. Does nothing in a forked child."""
        if os.getpid() != self._pid:
            return
        self._append(_line(event, fields))

    def opened(self) -> None:
        """Say who writes here, so that a later session can tell whether the writer still lives."""
        self.write("process", {"worker": self.worker, "pid": self._pid, "born": birth(self._pid)})

    def start(self, cell: str, attempt: int) -> None:
        self.write("start", {"cell": cell, "attempt": attempt, "worker": self.worker, "time": now()})

    def result(self, result: Result) -> None:
        """Write a result. One too long for a reader loses its evidence rather than itself."""
        if os.getpid() != self._pid:
            return
        line = _line("result", {"time": now(), **result_to_json(result)})
        if len(line) > LINE_LIMIT:
            launches, compiled = result.launches[:100], result.compiled[:100]
            less = replace(result, detail=result.detail[:1000], launches=launches, compiled=compiled)
            short = replace(less, traceback=None, output=None)
            line = _line("result", {"time": now(), **result_to_json(short)})
        self._append(line)

    def _append(self, line: bytes) -> None:
        self._reclaim()
        while line:  # a full disk writes less than asked for, and then raises
            line = line[os.write(self._file, line) :]

    def _reclaim(self) -> None:
        """Open the file again when the code under test closed our descriptor, or took its number for another file."""
        try:
            mine = os.path.samestat(os.fstat(self._file), self.path.stat())
        except OSError:
            mine = False
        if not mine:
            self._file = self._open()


def _line(event: str, fields: Mapping[str, Json]) -> bytes:
    return json.dumps({"event": event, **fields}, separators=(",", ":")).encode() + b"\n"


def now() -> str:
    """The time of an event, ISO, in UTC."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass
class Tail:
    """Reads what was appended to one journal since the last look, never a line that is not finished."""

    path: Path
    warn: Callable[[str], None] = lambda _: None
    offset: int = 0
    line: int = 0

    def read(self) -> Iterator[Event]:
        """The events since the last call."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            while raw := file.readline(LINE_LIMIT):
                if not raw.endswith(b"\n") and len(raw) < LINE_LIMIT:
                    return  # still being written, or torn by a death
                self.offset += len(raw)
                self.line += 1
                if self.offset > FILE_LIMIT:
                    self.warn(f"{self.path.name} is longer than {FILE_LIMIT} bytes; the rest is not read")
                    return
                event = self._parse(raw)
                if event is not None:
                    yield event

    def grown(self) -> bool:
        """Whether there is more than what was read: new lines, or one that is not finished."""
        return self.path.stat().st_size > self.offset

    def _parse(self, raw: bytes) -> Event | None:
        try:
            event = json.loads(raw)
        except (ValueError, RecursionError):
            event = None
        if isinstance(event, dict) and isinstance(event.get("event"), str):
            return event
        if raw.strip(b"\0 \r\n"):
            self.warn(f"{self.path.name}:{self.line} is not an event: {raw[:60]!r}; it is skipped")
        return None


@dataclass
class Reading:
    """What reading a directory of journals gathers."""

    header: Header = field(default_factory=Header)
    results: dict[str, dict[int, Result]] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)

    def warn(self, warning: str) -> None:
        if len(self.warnings) < WARNINGS_LIMIT:
            self.warnings.append(warning)

    def take(self, event: Event, place: str) -> None:
        """Take one event in."""
        if event["event"] == "run":
            self._take_header(event)
        elif event["event"] == "result":
            self._take_result(event, place)

    def _take_header(self, event: Event) -> None:
        header = read_header(event)
        if not self.header.started or header.started < self.header.started:
            self.header = header

    def _take_result(self, event: Event, place: str) -> None:
        try:
            result = result_from_json(event)
        except RecordError as error:
            self.warn(f"{place}: {error}; the line is skipped")
            return
        attempts = self.results.setdefault(result.cell, {})
        if result.attempt in attempts:
            self.warn(f"{place}: a second result of {result.cell}, attempt {result.attempt}; the first one counts")
        else:
            attempts[result.attempt] = result

    def run(self) -> Run:
        ordered = {
            cell: tuple(attempts[number] for number in sorted(attempts)) for cell, attempts in self.results.items()
        }
        return Run(self.header, ordered, tuple(self.warnings))


def read_run(directory: Path) -> Run:
    """All journals of a directory as one run; what cannot be read is named in its warnings."""
    reading = Reading()
    for path in sorted(directory.glob(PATTERN)):
        tail = Tail(path, reading.warn)
        try:
            for event in tail.read():
                reading.take(event, f"{path.name}:{tail.line}")
            if tail.grown():
                reading.warn(f"{path.name} ends in an unfinished line; it is skipped")
        except OSError as error:
            reading.warn(f"{path.name} cannot be read: {error}")
    return reading.run()


def write_header(header: Header) -> Event:
    """The header as the fields of a `run` event."""
    return {
        "plan": header.plan,
        "cells": header.cells,
        "columns": list(header.columns),
        "machine": dict(header.machine),
        "stack": dict(header.stack),
        "started": header.started or now(),
        "arguments": list(header.arguments),
    }


def read_header(event: Event) -> Header:
    """Read a header back; a field of another type is left at its default."""
    cells = event.get("cells")
    return Header(
        plan=_text(event.get("plan")),
        cells=cells if isinstance(cells, int) else 0,
        columns=_texts(event.get("columns")),
        machine=_facts(event.get("machine")),
        stack=_facts(event.get("stack")),
        started=_text(event.get("started")),
        arguments=_texts(event.get("arguments")),
    )


def _text(value: Json) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: Json) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def _facts(value: Json) -> dict[str, str]:
    return {name: str(item) for name, item in value.items()} if isinstance(value, dict) else {}
