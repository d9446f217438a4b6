"""An engine small enough to cheat with: a package that is installed as others are, its files recorded with their digests."""

import base64
import hashlib
from pathlib import Path

NAME = "tinyengine"
SOURCES = {
    "__init__.py": '"""A tiny engine."""\n',
    "entrypoints.py": """
import time

import torch


class LLM:
    def __init__(self, tensor_parallel=1, seconds=0.02):
        self.tensor_parallel = tensor_parallel
        self.seconds = seconds / tensor_parallel

    def step(self):
        time.sleep(self.seconds)
        return torch.mm(torch.ones(2, 2), torch.ones(2, 2)).sum().item()
""",
    "benchmark.py": """
import time


def clock():
    return time.perf_counter()
""",
}


def install(site: Path) -> Path:
    """Write the package and its record below a folder of packages."""
    folder, told = site / NAME, site / f"{NAME}-1.0.dist-info"
    folder.mkdir(parents=True)
    told.mkdir()
    record = []
    for name, source in SOURCES.items():
        (folder / name).write_text(source)
        digest = base64.urlsafe_b64encode(hashlib.sha256(source.encode()).digest()).rstrip(b"=").decode()
        record.append(f"{NAME}/{name},sha256={digest},{len(source)}")
    (told / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n")
    (told / "top_level.txt").write_text(f"{NAME}\n")
    (told / "RECORD").write_text("\n".join([*record, f"{told.name}/METADATA,,", f"{told.name}/RECORD,,"]) + "\n")
    return folder
