"""Packing: data as scripts, since a page on disk cannot read other files.

The JSON is compressed, and written as text: that is a third of its size. Browsers unpack it.
"""

from __future__ import annotations

import base64
import json
import zlib


def script(name: str, data: object) -> bytes:
    """A script that sets ``PACKED["name"]``; ``load`` in ``site.js`` unpacks it."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    packed = base64.b64encode(zlib.compress(text.encode(), 9)).decode()
    return f'(globalThis.PACKED ??= {{}})[{json.dumps(name)}] = "{packed}";\n'.encode()
