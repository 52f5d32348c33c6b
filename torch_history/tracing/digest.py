"""Digests: what a tensor holds, in 32 characters. Equal contents have equal digests.

The memory is read as it is, without NumPy and without an operation of torch: ``.numpy()`` makes a
storage that cannot be resized, and an operation would be traced itself.
"""

from __future__ import annotations

import ctypes
import hashlib
from typing import Any, List, Tuple

PIECES, PIECE = 4, 1024  # of a large tensor, a sample has so many pieces of so many bytes
WHOLE = PIECES * PIECE  # a tensor of so many bytes is read whole
SHOWN = 8  # numbers that a sample shows of each piece, for the size of a difference


def plain(torch: Any, tensor: Any) -> Any:
    """The tensor as contiguous memory of the CPU; None where it has no memory that can be read."""
    if tensor.layout is not torch.strided or getattr(tensor, "is_quantized", False):
        return None
    if type(tensor).__name__ in ("FakeTensor", "FunctionalTensor") or tensor.device.type == "meta":
        return None
    if getattr(tensor, "is_nested", False):
        return None
    with torch.no_grad():
        tensor = tensor.detach()
        for name in ("conj", "neg"):  # a lazy conjugate has the memory of what it conjugates
            if getattr(tensor, f"is_{name}", bool)():
                tensor = getattr(tensor, f"resolve_{name}")()
        return tensor.cpu().contiguous()


def content(torch: Any, tensor: Any) -> str:
    """The digest of a whole tensor: its dtype, its shape and its bytes."""
    head = f"{tensor.dtype} {tuple(tensor.shape)}".encode()
    if tensor.layout is not torch.strided and hasattr(tensor, "_indices"):
        parts = [content(torch, one) for one in (tensor._indices(), tensor._values())]
        return hashlib.blake2b(head + repr(parts).encode(), digest_size=16).hexdigest()
    memory = plain(torch, tensor)
    if memory is None:
        return "opaque " + hashlib.blake2b(head, digest_size=12).hexdigest()
    kept = hashlib.blake2b(head, digest_size=16)
    kept.update(read(memory))
    return kept.hexdigest()


def read(memory: Any) -> Any:
    """The bytes of contiguous memory, not copied."""
    size = memory.numel() * memory.element_size()
    if not size:
        return b""
    return (ctypes.c_char * size).from_address(memory.data_ptr())


def sample(torch: Any, tensor: Any) -> Tuple[bytes, bytes]:
    """Bytes that stand for a tensor, and those of some numbers in it; cheap for every size."""
    if tensor.layout is not torch.strided:  # of a sparse gradient, torch below 2.0 tells less
        return content(torch, tensor).encode(), b""
    if tensor.device.type != "cpu" or not tensor.is_contiguous():
        memory = plain(torch, tensor)
        if memory is None:
            return b"", b""
        tensor = memory
    item = tensor.element_size()
    size = tensor.numel() * item
    if not size:
        return b"", b""
    start = tensor.data_ptr()
    if size <= WHOLE:
        whole = ctypes.string_at(start, size)
        return whole, _shown(whole, item)
    pieces, shown = [], []
    for at in offsets(size, item):
        piece = ctypes.string_at(start + at, PIECE)
        pieces.append(piece)
        shown.append(piece[: SHOWN * item])
    return b"".join(pieces), b"".join(shown)


def offsets(size: int, item: int) -> List[int]:
    """Where the pieces of a large tensor begin, in bytes."""
    step = (size - PIECE) // (PIECES - 1)
    return [step * piece // item * item for piece in range(PIECES)]


def _shown(whole: bytes, item: int) -> bytes:
    """Evenly spaced numbers of a small tensor."""
    count = len(whole) // item
    if count <= PIECES * SHOWN:
        return whole
    step = count // (PIECES * SHOWN)
    places = range(0, step * PIECES * SHOWN, step)
    return b"".join(whole[place * item : (place + 1) * item] for place in places)
