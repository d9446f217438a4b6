"""What is known to name this machine, its user and its folders, and must not be left in a redacted bundle.

A value may also be a word that everybody knows: a user may be called `add`. Such public words (what is shipped in the
catalogue and the profiles, and the words of the record itself) say nothing about anybody: they are replaced in free
text and left where they name an operator or a field.
"""

from __future__ import annotations

import getpass
import os
import platform
import pwd
import re
import socket
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from functools import cache, cached_property
from pathlib import Path

from backends.profiles import load_profiles
from matrix.outcome import Evidence, Outcome, Phase
from matrix.result import Comparison, Compiled, Launch, Result, Sampled, Timing
from matrix.run import Header, Run
from operators.call import DTYPES
from operators.catalogue import KINDS, load_catalogue

ROOT = Path(__file__).resolve().parents[2]
# Names that every machine has.
EVERYBODYS = frozenset({"root", "localhost", "localdomain"})
_HOME = re.compile(r"(?:/home|/Users|/export/home)/([A-Za-z_][\w.-]*)|[A-Za-z]:\\+Users\\+([A-Za-z_][\w.-]*)")
_KINDS = ("path", "host", "user")


@dataclass(frozen=True)
class KnownValues:
    """Kind of value -> the values, the longest first; and the words that are public."""

    values: Mapping[str, tuple[str, ...]]
    public: frozenset[str] = frozenset()

    @classmethod
    def of(cls, run: Run, directory: Path) -> KnownValues:
        """What this machine and a run's own texts tell of the machine that the run was made on."""
        hosts = {*_hosts(), run.header.machine.get("host", "")}
        users = {*_users(), *_users_in(run)}
        paths = {str(path) for path in _folders(directory)}
        return cls.from_sets(paths, hosts | {host.partition(".")[0] for host in hosts}, users, public_words())

    @classmethod
    def from_sets(
        cls, paths: Iterable[str], hosts: Iterable[str], users: Iterable[str], public: frozenset[str]
    ) -> KnownValues:
        telling = (filter(_is_folder, paths), filter(_is_word, hosts), filter(_is_word, users))
        found = {kind: sorted(set(values), key=_longest_first) for kind, values in zip(_KINDS, telling, strict=True)}
        return cls({kind: tuple(values) for kind, values in found.items()}, public)

    def is_public(self, value: str) -> bool:
        return value.lower() in self.public

    @cached_property
    def _folded(self) -> tuple[str, ...]:
        return tuple(value.casefold() for values in self.values.values() for value in values)

    def left_in(self, text: str, *, free: bool) -> Iterator[tuple[str, str]]:
        """The values that stand in a text, with their kinds; public words count only in free text."""
        folded = text.casefold()
        if not any(value in folded for value in self._folded):
            return  # as nearly always, and found out a hundred times as fast
        for kind, values in self.values.items():
            for value in values:
                public = self.is_public(value)
                if (free or not public) and expression(value, public=public).search(text):
                    yield kind, value


@cache
def expression(value: str, *, public: bool) -> re.Pattern[str]:
    """The value wherever it stands as a word of its own, whatever the case; a public word also names files and kernels."""
    before, after = ("A-Za-z0-9_/.<-", "A-Za-z0-9_/>-") if public else ("A-Za-z0-9", "A-Za-z0-9")
    name = r"(?!\.\w)" if public else ""
    return re.compile(rf"(?<![{before}]){re.escape(value)}(?![{after}]){name}", re.IGNORECASE)


@cache
def public_words() -> frozenset[str]:
    """Words in lower case that are shipped with the project or are the record's own."""
    profiles = load_profiles().values()
    texts = [f"{profile.name} {profile.vendor} {profile.device} {profile.dispatch_key}" for profile in profiles]
    for operator in load_catalogue().values():
        texts += [operator.name, operator.family, *operator.providers]
    texts += [*Outcome, *Phase, *Evidence, *KINDS, *DTYPES.values()]
    texts += [
        field.name for kind in (Header, Result, Comparison, Launch, Compiled, Timing, Sampled) for field in fields(kind)
    ]
    texts += ["event run plan schema members name sha256 size redaction facts_kept replaced catalogue results journal"]
    texts += ["profiles toml jsonl compatibility matrix bundle flag_gems ops host user path null true false"]
    words = {word.lower() for text in texts for word in re.split(r"[^A-Za-z0-9]+", str(text)) if word}
    whole = {word.lower() for text in texts for word in str(text).split()}
    return frozenset(words | whole | EVERYBODYS)


def _hosts() -> set[str]:
    named = {os.environ.get(name, "") for name in ("HOSTNAME", "HOST", "SLURMD_NODENAME")}
    return {socket.gethostname(), platform.node(), *named}


def _users() -> set[str]:
    names = {os.environ.get(name, "") for name in ("USER", "LOGNAME", "SUDO_USER", "USERNAME")}
    try:
        account = pwd.getpwuid(os.getuid())
        names |= {getpass.getuser(), account.pw_name, account.pw_gecos.partition(",")[0]}
    except (KeyError, OSError):  # a container may run as a number that has no name
        pass
    return names


def _users_in(run: Run) -> set[str]:
    """Names of home folders that the run's texts mention: it may have been made by somebody else, elsewhere."""
    texts = [*run.header.arguments, *run.header.machine.values()]
    for attempts in run.results.values():
        for result in attempts:
            texts += [result.detail, result.traceback or "", result.output or ""]
            texts += [launch.file for launch in result.launches]
    return {name for text in texts for match in _HOME.findall(text) for name in match}


def _folders(directory: Path) -> list[Path]:
    own = [Path.cwd(), directory.resolve(), ROOT, Path(sys.prefix), Path(sys.base_prefix), Path(tempfile.gettempdir())]
    return [*own, Path.home()]


def _is_folder(path: str) -> bool:
    """Whether a folder tells anything: `/` and `/tmp` do not."""
    return len(Path(path).parts) > 2 and path.startswith("/")


def _is_word(text: str) -> bool:
    return len(text) > 1 and not text.isspace() and text.lower() != "localhost"


def _longest_first(text: str) -> tuple[int, str]:
    return -len(text), text
