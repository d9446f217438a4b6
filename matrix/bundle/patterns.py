"""What names a machine or a person by its form alone: paths, addresses, serial numbers, process ids.

The order matters: what is longer or more certain comes first. `<kind>` stands where something was.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from typing import NamedTuple

Match = re.Match[str]


class Form(NamedTuple):
    """A kind of value, how it looks, and what is written instead."""

    kind: str
    pattern: re.Pattern[str]
    write: Callable[[Match], str]


PROJECT = "<project>"
# Folders below which a file has the same name on every machine.
_PACKAGES = re.compile(r"(?:site|dist)-packages/((?:[\w.+-]+/)*[\w.+-]+)$")
_PYTHON = re.compile(r"(lib/python3\.\d+/(?:[\w.+-]+/)*[\w.+-]+)$")
_OWN = re.compile(rf"{PROJECT}/(?:matrix|operators|backends|reports)/[\w/]+\.py")
_IN_PATH = r"[^\s'\"`,;:()<>\[\]{}|*?=]"
_NOT_DONE = r"(?<!<packages>)(?<!<python>)(?<!<project>)"
_HEX8 = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_SERIAL_WORD = r"serial(?:[ _]?(?:number|no\.?))?|s/n|uuid|machine[ -]id"
_PROCESS_WORD = r"pid|process(?:[ _]?id)?|ppid|tid"


def path_instead(path: str) -> str:
    """What stands for a path: below a folder of packages, Python's own or this project, that part; else nothing of it."""
    if _OWN.fullmatch(path):
        return path
    for place, pattern in (("packages", _PACKAGES), ("python", _PYTHON)):
        found = pattern.search(path)
        if found is not None and ".." not in path:
            return f"<{place}>/{found[1]}"
    return "<path>"


def _path(match: Match) -> str:
    return path_instead(match[0])


def _quoted(match: Match) -> str:
    return f"{match[1]}{path_instead(match[2])}{match[1]}"


def _address(match: Match) -> str:
    try:
        ipaddress.ip_address(match["address"].strip("[]"))
    except ValueError:
        return match[0]
    return "<address>"


def _numbered(kind: str) -> Callable[[Match], str]:
    return lambda match: f"{match[1]}{match[2]}{kind}"


def _form(kind: str, pattern: str, write: Callable[[Match], str] | None = None) -> Form:
    return Form(kind, re.compile(pattern), write or (lambda _: f"<{kind}>"))


FORMS: tuple[Form, ...] = (
    _form("url", r"\b[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s'\"<>]+"),
    _form("path", rf"(['\"])((?:/|~/|[A-Za-z]:\\|<path>|{PROJECT})(?=[^'\"\n]*\w)[^'\"\n]*)\1", _quoted),
    _form("path", rf"(?:<path>|{PROJECT})[/\\]{_IN_PATH}*", _path),
    _form("path", rf"(?<![\w.<>/)\]])~[\w.-]*/{_IN_PATH}+", _path),
    _form("path", rf"(?<![\w.<>/)\]])(?:\.\./)+{_IN_PATH}*"),
    _form("path", rf"(?:(?<![\w/)\]])|(?<=-[ILB])){_NOT_DONE}/{_IN_PATH}*\w{_IN_PATH}*", _path),
    _form("path", r"(?<!\w)(?:[A-Za-z]:\\|\\\\[\w.-]+\\)[^\s'\"<>|]*"),
    _form("mail", r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+"),
    _form("serial", rf"(?i)(?<![\w-])(?:(?:GPU|MIG|NPU|DCU)-)?{_HEX8}(?!\w)"),
    _form("serial", r"(?i)(?<![\w:-])(?:[0-9a-f]{2}[:-]){5,7}[0-9a-f]{2}(?![\w:-])"),
    _form("serial", rf"(?i)\b({_SERIAL_WORD})(\s*[:=#]?\s*)(?=[\w-]*\d)[\w-]{{4,}}", _numbered("<serial>")),
    _form("serial", r"(?<![\w.<])(?=[0-9]*[a-f])[0-9a-f]{32,}(?!\w)"),
    _form("address", r"(?<![\w.])(?P<address>\d{1,3}(?:\.\d{1,3}){3})(?::\d+)?(?![\w.]\w)", _address),
    _form(
        "address",
        r"(?i)(?<![\w:.])(?P<address>\[?(?:[0-9a-f]{1,4}:+){3,7}[0-9a-f]{0,4}\]?)(?:%\w+)?(?![\w:])",
        _address,
    ),
    _form("process", r"\b(gw\d+|run|warden)-\d+\b", lambda match: match[1]),
    _form("process", rf"(?i)\b({_PROCESS_WORD})(s?\s*[:=#]?\s*)\d+\b", _numbered("<id>")),
    _form("process", r"==\d+==", lambda _: "==<id>=="),
)
