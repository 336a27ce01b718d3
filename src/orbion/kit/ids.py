"""Make trace ids and digests, and mask phone numbers for the eyes of operators."""

import hashlib
import random
import re

DIGITS_OF_A_PHONE = r"\d{10}"
"""A text without them holds no phone number."""
_PHONE = re.compile(r"(?<!\d)(\d{4})(\d{4,9})(\d{2})(?!\d)")


def new_trace(random: random.Random) -> str:
    """A W3C trace id: 32 hexadecimal digits, not all zero."""
    return f"{random.getrandbits(128) or 1:032x}"


def digest(*parts: str) -> bytes:
    """16 bytes; each part is preceded by its length, so moving a border changes the digest."""
    hasher = hashlib.blake2b(digest_size=16)
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        hasher.update(len(encoded).to_bytes(8, "big"))
        hasher.update(encoded)
    return hasher.digest()


def mask_phone(text: str) -> str:
    """Each run of 10 to 15 digits keeps its first four and last two."""
    return _PHONE.sub(lambda run: f"{run[1]}{'*' * len(run[2])}{run[3]}", text)
