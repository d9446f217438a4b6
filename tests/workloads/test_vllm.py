"""vLLM against the transformers library, where vLLM is installed: `nox -s vllm` has an environment with it."""

import json
import subprocess
import sys

import pytest

CODE = """
import json, sys
from workloads.engines.transformers_engine import open_engine
from workloads.engines.vllm_engine import open_server
from workloads.serving import ServeArguments

prompts = [[(place * 7 + number * 13) % 256 for place in range(24)] for number in range(4)]
server = open_server("tiny-32", "float32", "cpu", ServeArguments(8, 256, 64, 4, "own"))
server.start()
served, progress = server.serve(prompts, 8, [].append), server.log_likelihoods(prompts)
due = open_engine("tiny-32", "float32", "cpu")
same = [list(one.tokens) == list(other.tokens) for one, other in zip(served, due.generate(prompts, 8, ignore_end=True))]
off = [abs(a - b) for one, other in zip(progress, due.log_likelihoods(prompts)) for a, b in zip(one, other)]
print("found:" + json.dumps([same, max(off), [len(one.times) for one in served], dict(server.given())]))
"""


def test_two_engines_agree() -> None:
    pytest.importorskip("vllm", reason="vLLM is not in this environment: nox -s vllm")
    answer = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=False)
    line = next((line for line in answer.stdout.splitlines() if line.startswith("found:")), "")
    assert line, answer.stderr[-2000:]
    same, off, times, given = json.loads(line.removeprefix("found:"))
    assert all(same)
    assert off < 5e-5
    assert times == [8] * 4
    assert (given["tensor parallel"], given["eager"]) == (1, "True")
