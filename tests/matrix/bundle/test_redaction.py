"""Redaction: what names a machine, its people and its folders is gone, what the record is about stays."""

from __future__ import annotations

import getpass
import json
import socket
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from matrix.bundle.known_values import KnownValues, public_words
from matrix.bundle.manifest import JOURNAL
from matrix.bundle.redaction import RedactionError, Redactor, check_nothing_left
from matrix.bundle.writing import pack
from tests.matrix.bundle.forging import EXAMPLE, copied, members, rewritten

ROOT = Path(__file__).parents[3]
HOME = "/".join(["", "home", "alice"])
OWNER = "/".join(["", "home", getpass.getuser()])
OTHERS = "/".join(["", "home", "carol"])
KNOWN = KnownValues.from_sets(
    {HOME, "/srv/My Runs", str(ROOT)},
    {"gpu-node-17", "gpu-node-17.acme.com"},
    {"alice", "add"},
    public_words(),
)


def redacted(text: str) -> str:
    return Redactor(KNOWN).text(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        (f'File "{HOME}/proj/x y/scaled.py", line 3, in f', 'File "<path>", line 3, in f'),
        ('File "/usr/lib/python3.11/ast.py", line 5', 'File "<python>/lib/python3.11/ast.py", line 5'),
        (f"{HOME}/venv/lib/python3.11/site-packages/flag_gems/ops/add.py:33", "<packages>/flag_gems/ops/add.py:33"),
        (f"{ROOT}/matrix/judging/judge.py:7", "<project>/matrix/judging/judge.py:7"),
        (f"{ROOT}/.matrix/secret/x.json", "<path>"),
        ("clang -I/srv/acme/include -o /tmp/x.o 2>/dev/null", "clang -I<path> -o <path> 2><path>"),
        ("'/srv/My Runs/r1/x.json' C:\\Users\\Bob\\x.txt", "'<path>' <path>"),
        ("cd ../../bob/secret && ls ~bob/x ~/y", "cd <path> && ls <path> <path>"),
        ("c10::Error at ../c10/core/x.cpp:12", "c10::Error at <path>:12"),
        ("see https://u:p@git.acme.com/x?y", "see <url>"),
        ("alice@gpu-node-17:~$ x; alice@gpu-node-17.acme.com", "<user>@<host>:~$ x; <mail>"),
        ("Alice's GPU-NODE-17 and malice", "<user>'s <host> and malice"),
        ("GPU-5c0e2b7e-9a3f-4b0e-8f7e-0123456789ab, 00:1a:2b:3c:4d:5e", "<serial>, <serial>"),
        ("serial number: 1652723012345; S/N X12-99", "serial number: <serial>; S/N <serial>"),
        ("10.1.2.3:29500 and fe80::1ff:fe23:4567:890a", "<address> and <address>"),
        ("/srv/alice/x/site-packages/torch/a.py, add said so", "<packages>/torch/a.py, <user> said so"),
        ("process 4711 (pid=88) gw0-123 died; PID: 99, ==5==", "process <id> (pid=<id>) gw0 died; PID: <id>, ==<id>=="),
    ],
)
def test_what_names_a_machine_or_a_person_is_taken_out(text: str, clean: str) -> None:
    assert redacted(text) == clean


@pytest.mark.parametrize(
    "text",
    [
        "ratio a/b is 1/2, x[::2] at 22:08:42, 1.2345678901234567e-05, -9223372036854775808",
        "unsupported operand '/' for int",
        "sm_90:mul.Tensor/flag_gems[dtype=float32,sample=typical-0]@interpret on chip@run",
        "native: rtol 4 eps(bfloat16), atol 4 eps; at::Tensor; serial execution took 512 s",
        "shared memory: 131072 bytes, the target has 65536 (flag_gems/ops/mul.py)",
    ],
)
def test_what_the_record_is_about_stays(text: str) -> None:
    assert redacted(text) == text


@settings(deadline=None)
@given(st.text(alphabet="abc/.:\\~'\" -0123<>=@[]", max_size=60))
def test_redacting_twice_changes_nothing_more(text: str) -> None:
    once = redacted(text)
    assert redacted(once) == once


@settings(deadline=None)
@given(
    st.sampled_from(["alice", "ALICE", "gpu-node-17", HOME, "/srv/My Runs"]),
    st.text(max_size=20).filter(lambda text: not text[-1:].isalnum()),
    st.text(max_size=20).filter(lambda text: not text[:1].isalnum()),
)
def test_a_known_value_is_never_left(value: str, before: str, after: str) -> None:
    assert list(KNOWN.left_in(redacted(f"{before}{value}{after}"), free=True)) == []


def test_the_machine_s_facts_are_kept_by_a_list() -> None:
    facts = {
        "host": "gpu-node-17",
        "system": "Linux-6.1.0-acme-build7-x86_64-with-glibc2.36",
        "processor": "AMD EPYC",
        "devices of cuda": "NVIDIA H200, NVIDIA H200",
        "serial": "1652723012345",
        "digest": "494acaaee9b0ace9",
    }
    assert Redactor(KNOWN).machine(facts) == {
        "system": "Linux-6.1.0-x86_64-with-glibc2.36",
        "processor": "AMD EPYC",
        "devices of cuda": "NVIDIA H200, NVIDIA H200",
    }


@pytest.mark.parametrize(
    ("arguments", "kept"),
    [
        (["run", "--out", "secret", "--tier", "quick"], ["run", "--out", "<path>", "--tier", "quick"]),
        (["run", "--out=secret", "--ou", "secret2"], ["run", "--out=<path>", "--ou", "<path>"]),
        (
            ["run", "--profile", "x/acme9.toml@run", "--profile=acme9.toml"],
            ["run", "--profile", "<path>", "--profile=acme9.toml"],
        ),
        (
            ["run", "--catalogue", "own", "--operator", "add.*"],
            ["run", "--catalogue", "<path>", "--operator", "<user>.*"],
        ),
    ],
)
def test_folders_and_files_are_taken_out_of_the_command_line(arguments: list[str], kept: list[str]) -> None:
    found = Redactor(KNOWN).arguments(arguments)
    assert [item.replace("acme9.toml", "<path>") if item.startswith("--profile=") else item for item in found] == [
        item.replace("acme9.toml", "<path>") for item in kept
    ]


def secrets(event: dict[str, Any]) -> dict[str, Any]:
    """A result that says of its machine whatever a result can."""
    kept = {name: event[name] for name in ("event", "cell", "attempt", "worker")}
    texts = {
        "detail": f"RuntimeError: no /data/acme/model.bin on {socket.gethostname()} (pid 4711)",
        "traceback": f'  File "{OWNER}/own.py", line 3\n  File "{Path.home()}/a b/c.py", line 9',
        "output": f"{ROOT}\nlicence server 10.11.12.13, board serial 1652723012345, uuid 5c0e2b7e-9a3f-4b0e-8f7e-0123456789ab",
    }
    launches = [
        {"kernel": "k", "file": f"{OTHERS}/kernels/k.py", "count": 1},
        {"kernel": "a", "file": "flag_gems/ops/add.py"},
    ]
    return kept | {"outcome": "ERROR", "phase": "run", "launches": launches} | texts


TELLING = (
    "/data",
    "acme",
    "4711",
    "carol",
    "10.11.12.13",
    "1652723012345",
    "5c0e2b7e",
    "own.py",
    "node-9",
    str(ROOT),
    "16721",
)


def test_a_redacted_bundle_holds_none_of_it_and_says_what_was_done(tmp_path: Path) -> None:
    machine = {
        "host": "node-9.acme.com",
        "system": "Linux-6.1.0-acme",
        "memory": "23.5 GiB",
        "digest": "494acaaee9b0ace9",
    }
    directory = rewritten(copied(tmp_path, machine=machine, arguments=["run", "--out", "/data/acme/node-9"]), secrets)
    packed = pack(directory, redact=True)
    text = "\n".join(f"{name}\n{data.decode()}" for name, data in members(packed.data).items())
    assert {value: value in text for value in TELLING} == dict.fromkeys(TELLING, False)
    assert socket.gethostname() not in json.loads(text[text.index('{"event"') :].splitlines()[1])["detail"]
    assert "flag_gems/ops/add.py" in text
    redaction = packed.bundle.manifest.redaction
    assert redaction is not None
    assert redaction.facts == ("system", "memory")
    assert redaction.replaced is not None
    assert {"path", "serial", "address", "process", "host", "fact"} <= set(redaction.replaced)
    assert packed.bundle.run.header.machine == {"system": "Linux-6.1.0", "memory": "23.5 GiB"}
    assert packed.bundle.run.origin is not None
    assert packed.bundle.run.origin.redacted


def test_redaction_changes_no_outcome_id_or_number() -> None:
    plain, bare = pack(EXAMPLE).bundle, pack(EXAMPLE, redact=True).bundle
    assert list(bare.run.results) == list(plain.run.results)
    for cell, attempts in plain.run.results.items():
        for there, here in zip(attempts, bare.run.results[cell], strict=True):
            assert (here.outcome, here.comparison, here.launches) == (there.outcome, there.comparison, there.launches)
            assert here.seconds == there.seconds
    assert bare.profiles == plain.profiles
    assert bare.run.header.plan == plain.run.header.plan


def test_worker_names_lose_their_process_ids() -> None:
    results = pack(EXAMPLE, redact=True).bundle.run.results
    assert {result.worker for attempts in results.values() for result in attempts} == {"gw0"}


def test_a_comment_in_a_profile_is_gone_through(tmp_path: Path) -> None:
    text = (ROOT / "backends" / "sm_90.toml").read_text().replace('name = "sm_90"', 'name = "secret_9"')
    (tmp_path / "secret_9.toml").write_text(f"# measured in {Path.home()}/lab at 10.0.0.7\n{text}")
    directory = copied(tmp_path, arguments=["run", "--profile", str(tmp_path / "secret_9.toml")])
    rewritten(directory, lambda event: event | {"cell": str(event["cell"]).replace("sm_90:", "secret_9:")})
    profile = members(pack(directory, redact=True).data)["profiles/secret_9.toml"].decode()
    assert profile.startswith("# measured in <path> at <address>\n")


def test_what_cannot_be_changed_and_names_somebody_stops_it() -> None:
    known = KnownValues.from_sets(set(), set(), {"alice"}, frozenset())
    line = b'{"event":"result","cell":"x","launches":[{"kernel":"alice_kernel","file":"a.py"}]}\n'
    with pytest.raises(RedactionError, match=r"the user 'alice' is still in journal\.jsonl, line 1"):
        check_nothing_left({JOURNAL: line}, known)


@pytest.mark.parametrize("spelled", ["al\\u0069ce", "AL\\u0049CE"])
def test_the_search_reads_escapes(spelled: str) -> None:
    known = KnownValues.from_sets(set(), set(), {"alice"}, frozenset())
    with pytest.raises(RedactionError, match="alice"):
        check_nothing_left({JOURNAL: f'{{"detail":"by {spelled}"}}\n'.encode()}, known)


def test_a_user_called_like_an_operator_can_redact(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("USER", "add")
    directory = rewritten(copied(tmp_path), lambda event: event | {"output": "started by add"})
    packed = pack(directory, redact=True)
    assert any("add.Tensor" in cell for cell in packed.bundle.run.results)
    assert {result.output for attempts in packed.bundle.run.results.values() for result in attempts} == {
        "started by <user>"
    }


def test_the_archive_names_nobody_either(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(pack(EXAMPLE, redact=True).data)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.comment == b""
        assert all(not entry.extra and not entry.comment for entry in archive.infolist())
