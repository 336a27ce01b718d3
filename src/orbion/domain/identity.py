"""Who is speaking: phone and LID forms that must meet in one contact."""

from dataclasses import dataclass
from typing import Final, Literal, Self

AliasKind = Literal["phone", "lid"]

PHONE_SERVERS: Final = frozenset({"s.whatsapp.net", "c.us", "hosted"})
LID_SERVERS: Final = frozenset({"lid", "hosted.lid"})
_BRAZIL = "55"
_BRAZIL_LONG = 13
_BRAZIL_SHORT = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """One side of a chat as the gateway showed it.

    `address` is the exact remote JID, which is where replies go (contracts/evolution section 8).
    """

    address: str
    phone: str | None = None
    lid: str | None = None
    name: str | None = None

    @classmethod
    def of(cls, address: str) -> Self:
        """Read an address alone, whose server tells what it is."""
        user, _, server = address.partition("@")
        return cls(
            address=address,
            phone=user if server in PHONE_SERVERS and user.isdigit() else None,
            lid=f"{user}@lid" if server in LID_SERVERS else None,
        )

    def aliases(self) -> list[tuple[AliasKind, str]]:
        found: list[tuple[AliasKind, str]] = []
        if self.phone:
            found.append(("phone", canonical_phone(self.phone)))
        if self.lid:
            found.append(("lid", self.lid))
        return found or [("lid", self.address)]


def dialled_phone(digits: str) -> str:
    """Give a Brazilian mobile number its ninth digit back: without it nobody can be called."""
    is_mobile = (
        len(digits) == _BRAZIL_LONG - 1 and digits.startswith(_BRAZIL) and digits[4] in "6789"
    )
    return f"{digits[:4]}9{digits[4:]}" if is_mobile else digits


def canonical_phone(digits: str) -> str:
    """Fold Brazil's ninth digit: 55, area, 9, 8 digits and 55, area, 8 digits are one phone."""
    if len(digits) == _BRAZIL_LONG and digits.startswith(_BRAZIL) and digits[4] == "9":
        return digits[:4] + digits[5:]
    return digits
