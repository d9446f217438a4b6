"""Answers of task 8 for tests: right, wrong, plain torch, and those that misbehave. Each runs in a real child."""

from __future__ import annotations

from matrix.annotation.operator_checks import OperatorCheck
from matrix.runner.spawn import ROOT

CHECK = OperatorCheck("s", "double", ("T[7]", "T[5, 33]"), "float32", "def double(x):\n    return 2 * x\n")
HEAD = "import torch\nimport triton\nimport triton.language as tl\n\n\n"
RIGHT = (
    HEAD
    + """@triton.jit
def double_kernel(out, x, count, BLOCK: tl.constexpr):
    place = tl.program_id(0) * BLOCK + tl.arange(0, BLOCK)
    inside = place < count
    tl.store(out + place, tl.load(x + place, mask=inside) * 2.0, mask=inside)


def double(x):
    out = torch.empty_like(x)
    double_kernel[(triton.cdiv(x.numel(), 64),)](out, x, x.numel(), BLOCK=64)
    return out
"""
)
WRONG = RIGHT.replace("* 2.0", "* 2.001")
PLAIN = "import torch\n\n\ndef double(x):\n    return 2 * x\n"
# A kernel is launched, and what is returned is torch's.
DECOY = RIGHT.replace("    return out", "    return x + x")
RAISES = RIGHT.replace("    return out", "    raise ValueError('no')")
OUT_OF_BOUNDS = RIGHT.replace(", mask=inside)\n", ")\n")
HANGS = RIGHT.replace("    return out", "    while True:\n        pass")
WITH_NUMPY = RIGHT.replace("import triton\n", "import triton\nimport numpy as n\n", 1)
# Reads memory that is nobody's: ended by a signal.
CRASHES = WITH_NUMPY.replace(
    "    return out", "    n.lib.stride_tricks.as_strided(n.zeros(1), (2**30,), (2**30,)).sum()\n    return out"
)
# Ends its process as if all were well.
ENDS = RIGHT.replace("    return out", "    raise SystemExit(0)")
# A file that is there, beside the folders that an answer may read.
READS = WITH_NUMPY.replace("    return out", f"    n.loadtxt({str(ROOT / 'pyproject.toml')!r})\n    return out")
WRITES = RIGHT.replace("    return out", '    torch.save({"done": True}, "/tmp/forged-answer")\n    return out')
FENCED = f"<think>\nhm\n</think>\nHere it is:\n```python\n{RIGHT}```\nDone."
WITH_TESTS = RIGHT + "\n" + "#" * 100 + "\n\nassert torch.cuda.is_available()\n"
