"""What travels inside the page: scripts and data, compressed, and the hashes that admit the scripts.

plotly.js comes with the installed package; no third-party file lies in this project.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True)
class Script:
    """A script as it is embedded, and the hash under which the page's content security policy lets it run."""

    packed: str
    csp_hash: str
    version: str


@cache
def plotly_script() -> Script:
    """plotly.js, compressed once per process (a third of a second)."""
    from plotly.offline import get_plotlyjs, get_plotlyjs_version

    source = get_plotlyjs()
    return Script(packed(source), csp_hash(source), get_plotlyjs_version())


def packed(text: str) -> str:
    """A text, gzipped and in base64: smaller, and free of anything that HTML would read."""
    return base64.b64encode(gzip.compress(text.encode(), compresslevel=6, mtime=0)).decode()


def csp_hash(script: str) -> str:
    """The source expression of an inline script: 'sha256-…'."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode()}'"
