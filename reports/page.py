"""matrix.html: one file that needs nothing else, for a person with a browser and no network.

`page.html` is the frame, `page.css` and the scripts are inlined into it, and the data stands beside them as JSON that no
HTML parser can mistake for markup. A content security policy lets exactly this style and this script act: whatever a
record holds, the browser would refuse to run it.
"""

from __future__ import annotations

import json
from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template

from matrix.record import Json
from reports.grid import Grid
from reports.packing import pack_grid
from reports.summary import Summary
from reports.wording import one_line

FOLDER = Path(__file__).parent
# In this order: each uses what stands before it, and the last one starts the page.
SCRIPTS = ("page_data.js", "page_facts.js", "page_detail.js", "page.js")


def render_page(grid: Grid, *, strict: bool = False) -> str:
    """The whole file."""
    style = (FOLDER / "page.css").read_text(encoding="utf-8")
    script = "".join((FOLDER / name).read_text(encoding="utf-8") for name in SCRIPTS)
    summary = Summary(grid, strict)
    return Template((FOLDER / "page.html").read_text(encoding="utf-8")).substitute(
        title=escape(one_line(f"{summary.color}: {summary.headline}", 120)),
        policy=f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; base-uri 'none'",
        style=style,
        data=embed(pack_grid(grid, strict=strict)),
        script=script,
    )


def embed(data: Json) -> str:
    """JSON that can stand in a script element: no `<`, `>`, `&`, no line separator, nothing but ASCII."""
    text = json.dumps(data, ensure_ascii=True, allow_nan=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
