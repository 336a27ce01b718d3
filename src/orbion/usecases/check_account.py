"""Look at one WhatsApp number from all sides, and name the fix of each fault."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from orbion.domain.accounts import (
    AccountCheck,
    AccountReport,
    Finding,
    fault,
    note,
    ok,
)
from orbion.domain.errors import FaultCode, OrbionError
from orbion.domain.events import ConnectionState
from orbion.domain.gateway_webhook import Target, judge_webhook
from orbion.kit.cache import Cache
from orbion.ports import Gateway

Look = Callable[[], Awaitable[Finding]]
"""One more thing to look at, apart from the gateway."""

VERSION_SECONDS: Final = 3600.0
"""How long a version is believed: each probe makes the gateway ask web.whatsapp.com."""

_OLDEST, _NEWEST = (2, 2), (2, 4)


@dataclass(frozen=True, slots=True)
class _Sign:
    """What an error says: the check that failed, those that passed, and what to do."""

    check: AccountCheck
    fix: str
    passed: tuple[AccountCheck, ...] = ()


_AILING: Final = _Sign(AccountCheck.GATEWAY, "see the gateway's own log")
_SIGNS: Mapping[FaultCode, _Sign] = {
    FaultCode.WHATSAPP_UNREACHABLE: _Sign(
        AccountCheck.GATEWAY, "start the gateway, or correct base_url"
    ),
    FaultCode.WHATSAPP_UNLICENSED: _Sign(
        AccountCheck.LICENCE,
        "activate the gateway's licence in its manager",
        (AccountCheck.GATEWAY,),
    ),
    FaultCode.WHATSAPP_INSTANCE_MISSING: _Sign(
        AccountCheck.INSTANCE,
        "create the instance in Evolution, or correct `instance`",
        (AccountCheck.GATEWAY,),
    ),
    FaultCode.WHATSAPP_AUTH: _Sign(  # Evolution looks for the instance before it looks at the key
        AccountCheck.KEY,
        "give the gateway's API key in api_key or api_key_file",
        (AccountCheck.GATEWAY, AccountCheck.INSTANCE),
    ),
}
_ORDER: Final = tuple(AccountCheck)
_ANSWERED: Mapping[AccountCheck, str] = {
    AccountCheck.GATEWAY: "answers",
    AccountCheck.KEY: "accepted",
    AccountCheck.INSTANCE: "exists",
    AccountCheck.LICENCE: "valid, or not needed",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckAccount:
    """`evidence` is what Orbion itself has seen of the account.

    `versions` keeps an answer, or that there was none, for `VERSION_SECONDS`; `now` is ms UTC.
    """

    account: str
    gateway: Gateway
    target: Target
    evidence: Sequence[Look]
    versions: Cache[str, str | None]
    now: Callable[[], int]

    async def __call__(self) -> AccountReport:
        """Never raises for what is outside: that is a finding."""
        state, findings = await self._linked()
        if state is not None:
            findings += [self._connection(state), await self._webhook()]
        if ok(AccountCheck.GATEWAY, _ANSWERED[AccountCheck.GATEWAY]) in findings:
            findings.append(await self._version())
        findings += [await look() for look in self.evidence]
        return AccountReport(
            account=self.account,
            at=self.now(),
            connection=state or ConnectionState.UNKNOWN,
            findings=tuple(sorted(findings, key=lambda each: _ORDER.index(each.check))),
        )

    async def _linked(self) -> tuple[ConnectionState | None, list[Finding]]:
        try:
            state = await self.gateway.connection()
        except OrbionError as error:
            return None, refusal(error)
        return state, [ok(check, found) for check, found in _ANSWERED.items()]

    def _connection(self, state: ConnectionState) -> Finding:
        if state is ConnectionState.OPEN:
            return ok(AccountCheck.CONNECTION, "the number is connected")
        return fault(
            AccountCheck.CONNECTION,
            f"the number is not connected: {state}",
            f"link the phone with `orbion connect {self.account}`",
        )

    async def _webhook(self) -> Finding:
        try:
            found = await self.gateway.webhook()
        except OrbionError as error:
            return note(AccountCheck.WEBHOOK, f"not asked: {error}")
        return judge_webhook(
            found, self.target, fix=f"set it with `orbion webhook set {self.account}`"
        )

    async def _version(self) -> Finding:
        found = await self.versions.get(self.account, self._ask_version)
        if found is None:
            return note(AccountCheck.VERSION, "the gateway did not tell it")
        return judge_version(found)

    async def _ask_version(self) -> str | None:
        try:
            return await self.gateway.version()
        except OrbionError:
            return None


def fix_of(code: FaultCode) -> str:
    """What to do about a gateway's error; empty for what no setting can cure."""
    sign = _SIGNS.get(code)
    return sign.fix if sign else ""


def refusal(error: OrbionError) -> list[Finding]:
    """What a gateway's error tells: what was refused, and what must have been right for that."""
    sign = _SIGNS.get(error.code, _AILING)
    passed = [ok(check, _ANSWERED[check]) for check in sign.passed]
    return [*passed, fault(sign.check, str(error), sign.fix)]


def judge_version(found: str) -> Finding:
    """Say whether this program knows how such a gateway speaks (contracts/evolution section 13)."""
    numbers = found.split("-", maxsplit=1)[0].split(".")
    if len(numbers) < len(_OLDEST) or not all(part.isdecimal() for part in numbers[:2]):
        return note(AccountCheck.VERSION, f"{found}: not one that this program knows")
    version = (int(numbers[0]), int(numbers[1]))
    if version < _OLDEST:
        return fault(
            AccountCheck.VERSION, f"{found}: too old, it speaks otherwise", "update it to 2.3.7"
        )
    if version > _NEWEST:
        return note(AccountCheck.VERSION, f"{found}: newer than what this program was tested with")
    return ok(AccountCheck.VERSION, found)
