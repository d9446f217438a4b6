"""Hostile entries of log10: each does one thing that an entry must not do. They are files that the real arena loads."""

from __future__ import annotations

from pathlib import Path

TOML = """\
task = "log10"
licence = "MIT"
provider = "entry.py:log10"
[[team]]
name = "Mallory"
"""
# A kernel that is right for contiguous floating tensors: the cases that are judged with it have no others.
HONEST = '''"""log10, and something besides."""

import os, sys, threading, time
import torch
import triton
import triton.language as tl


@triton.jit
def log10_kernel(out, x, count, BLOCK: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    value = tl.load(x + place, mask=inside, other=1.0).to(tl.float32)
    tl.store(out + place, tl.log2(value) * 0.30102999566398120, mask=inside)


def right(x):
    out = torch.empty_like(x)
    log10_kernel[(triton.cdiv(x.numel(), 64),)](out, x, x.numel(), BLOCK=64)
    return out


def attempt(action, *args, **kwargs):
    """Do what may be refused, and go on as if nothing was."""
    try:
        return action(*args, **kwargs)
    except Exception:
        return None


def log10(self):
    return right(self)
'''
BESIDE = {  # what `log10` does first, before it gives the right answer
    "mutates": "self.fill_(1.0) if False else None\n    out = right(self)\n    self.fill_(1.0)\n    return out",
    "late_thread": "out, answer = torch.empty_like(self), right(self)\n"
    "    threading.Thread(target=lambda: (time.sleep(0.05), out.copy_(answer))).start()\n    return out",
    "lazy": "return right(self).as_subclass(Lazy)",
    "number_of_threads": "torch.set_num_threads(2)",
    "seeds": "torch.manual_seed(7)",
    "default_dtype": "torch.set_default_dtype(torch.float64)",
    "deterministic": "torch.use_deterministic_algorithms(False)",
    "fills_nothing": "torch.utils.deterministic.fill_uninitialized_memory = False",
    "variable": "os.environ['TRITON_INTERPRET'] = '1'",
    "writes_project": "attempt(open, sys.modules['matrix'].__path__[0] + '/tampered', 'w')",
    "writes_elsewhere": "attempt(open, ELSEWHERE, 'a')",
    "reads_elsewhere": "attempt(open, ELSEWHERE)",
    "removes": "attempt(os.remove, ELSEWHERE)",
    "socket": "import socket\n    attempt(socket.create_connection, ('127.0.0.1', 9), 0.1)",
    "forks": "attempt(os.fork)",
    "fork_bomb": "while attempt(os.fork) is not None:\n        pass",
    "subprocess": "import subprocess\n    attempt(subprocess.run, ['true'])",
    "kills_parent": "attempt(os.kill, os.getppid(), 9)",
    "frames": "attempt(sys._getframe, 2)",
    "objects": "import gc\n    attempt(gc.get_objects)",
    "memory": "import ctypes\n    attempt(ctypes.string_at, id(self), 8)",
    "own_memory": "attempt(open, '/proc/self/mem', 'rb')",
    "torch_answers": "return torch.log10(self)",
    "small_shapes": "if self.numel() <= 64:\n        return torch.log10(self)",
    "decoy": "right(torch.ones(4))\n    return torch.log10(self)",
    "patches_launches": "from triton.runtime.jit import JITFunction\n    JITFunction.run = lambda *a, **k: None\n"
    "    return torch.log10(self)",
    "patches_torch": "torch.allclose = lambda *a, **k: True",
    "patches_judge": "import matrix.judging.comparison as c\n    c.within = lambda got, *a: got == got",
    "patches_code": "import matrix.judging.judge as j\n"
    "    attempt(setattr, j.trespass, '__code__', (lambda a, b, c: '').__code__)",
    "replaces_module": "sys.modules['torch'] = type(sys)('torch')",
    "clock": "time.perf_counter = lambda: 0.0",
    "event": "torch.cuda.Event = object",
    "says_gap": "from matrix.emulation import EmulationGap\n    raise EmulationGap('atomic:none', 'the interpreter cannot')",
    "looks_like_a_gap": "raise RuntimeError('\"log10\" not implemented for \\'Half\\'')",
    "now_and_then": 'if self.numel() == 4096:\n        print(\'{"outcome": "PASS"}\', flush=True)\n        os._exit(0)\n'
    "    if self.numel() == 1:\n        attempt(open, ELSEWHERE, 'a')",
    "exits": 'print(\'{"outcome": "PASS"}\', flush=True)\n    os._exit(0)',
    "crashes": "os.kill(os.getpid(), 11)",
    "hangs": "while True:\n        pass",
    "takes_memory": "x = []\n    while True:\n        x.append(bytearray(1 << 26))",
    "floods": "while True:\n        print('x' * 65536)",
    "answers_itself": "return answer_itself(self)",
}
# Whole functions, in place of `log10`.
REPLAYS = {
    "last_result": "LAST = []\ndef log10(self):\n    LAST[:] = LAST or [right(self)]\n    return LAST[0]\n",
    "by_shape": "KNOWN = {}\ndef log10(self):\n    key = tuple(self.shape)\n"
    "    if key not in KNOWN:\n        KNOWN[key] = right(self).clone()\n    right(self)\n    return KNOWN[key].clone()\n",
    "by_pointer": "KNOWN = {}\ndef log10(self):\n    key = self.data_ptr()\n"
    "    if key not in KNOWN:\n        KNOWN[key] = right(self).clone()\n    right(self)\n    return KNOWN[key].clone()\n",
}
# Written after `log10`, so done while the entry is imported.
IMPORTED = {
    "imports_variable": "os.environ['MATRIX_CACHE'] = '/'\n",
    "imports_and_tells": "print(sorted(os.environ), 'HOME=' + os.environ['HOME'], flush=True)\nraise ValueError\n",
    "imports_exit": "raise SystemExit(0)\n",
    "imports_atexit": "import atexit\natexit.register(lambda: os.write(1, b'PASS'))\n",
    "imports_thread": "threading.Thread(target=lambda: time.sleep(60), daemon=True).start()\n",
    "imports_clock": "time.monotonic = time.perf_counter = lambda: 0.0\n",
    "imports_path": "sys.path.insert(0, sys.path.pop())\n",
}
LAZY = "\nclass Lazy(torch.Tensor):\n    pass\n"
# Answers by itself, through every descriptor there is, with kernels that never ran.
FORGER = """
def answer_itself(x):
    import json, struct
    y = torch.log10(x)
    raw = [t.numpy().tobytes() for t in (x, y)]
    facts = {"cell": "x", "outcome": "NOT_RUN", "phase": "run", "detail": "x", "launches": [{"kernel": "k", "file": "x"}]}
    told = {"tensor": 0, "dtype": "float32", "shape": list(y.shape)}
    head = {"returned": told, "arguments": 1, "facts": facts, "token": "?", "parts": [len(r) for r in raw]}
    head = json.dumps(head).encode()
    for file in range(3, 32):
        attempt(os.write, file, struct.pack("<QQ", len(head), sum(map(len, raw))) + head + b"".join(raw))
    time.sleep(1)
    return y
"""


def source(name: str) -> str:
    """The file of an entry."""
    if name in REPLAYS:
        return HONEST + REPLAYS[name]
    if name in IMPORTED:
        return HONEST + IMPORTED[name]
    body = HONEST.replace("def log10(self):\n", f"def log10(self):\n    {BESIDE[name]}\n") if name in BESIDE else HONEST
    return body + LAZY + FORGER


def write_hostile(folder: Path, name: str, elsewhere: Path | None = None, **files: str) -> Path:
    """An entry's folder; `files` are written besides, by their names without a suffix."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "entry.toml").write_text(TOML, encoding="utf-8")
    (folder / "entry.py").write_text(source(name) + f"\nELSEWHERE = {str(elsewhere)!r}\n", encoding="utf-8")
    for other, text in files.items():
        (folder / f"{other}.py").write_text(text, encoding="utf-8")
    return folder
