"""What Orbion itself has seen of a number: the last webhook, refused ones, unconfirmed sends."""

from collections.abc import Awaitable, Callable

from orbion.domain.accounts import AccountCheck, Finding, Receipts, fault, note, ok
from orbion.domain.errors import OrbionError
from orbion.usecases.check_account import Look
from orbion.usecases.refusals import Refusals

QUIET_MS = 24 * 60 * 60 * 1000
STUCK_SENDS = 3
STUCK_SHARE = 0.2

_CHECK_WEBHOOK = "see `orbion webhook show {}`"
_UNCONFIRMED = (
    "look at the phone and at the gateway's log, restart the instance; "
    "without MESSAGES_UPDATE webhooks every send looks so"
)


def last_webhook(
    account: str, heard: Callable[[str], Awaitable[int | None]], now: Callable[[], int]
) -> Look:
    """A day without any is worth a look, and no fault: a shop may be quiet."""

    async def look() -> Finding:
        at = await heard(account)
        if at is None:
            return note(AccountCheck.LAST_WEBHOOK, "none yet", _CHECK_WEBHOOK.format(account))
        age = max(0, now() - at)
        found = f"{age // 60_000} min ago"
        if age > QUIET_MS:
            return note(AccountCheck.LAST_WEBHOOK, found, _CHECK_WEBHOOK.format(account))
        return ok(AccountCheck.LAST_WEBHOOK, found)

    return _survives(AccountCheck.LAST_WEBHOOK, look)


def unconfirmed_sends(account: str, receipts: Callable[[str], Awaitable[Receipts]]) -> Look:
    """PENDING for ever means undelivered (contracts/evolution section 6.1)."""

    async def look() -> Finding:
        of = await receipts(account)
        found = f"{of.stuck} of the last {of.sends} sends never confirmed by WhatsApp"
        if of.stuck >= STUCK_SENDS and of.stuck >= of.sends * STUCK_SHARE:
            return fault(AccountCheck.RECEIPTS, found, _UNCONFIRMED)
        if of.stuck:
            return note(AccountCheck.RECEIPTS, found)
        return ok(AccountCheck.RECEIPTS, f"{of.sends} sends of the last hour, all confirmed")

    return _survives(AccountCheck.RECEIPTS, look)


def refused_webhooks(account: str, refusals: Refusals) -> Look:
    """Evolution drops for ever what is answered 401: a burst means that messages get lost."""

    async def look() -> Finding:
        count = refusals.count(account)
        found = f"{count} without a valid credential in the last {refusals.minutes} minutes"
        if refusals.is_burst(count):
            fix = f"set the credential again: `orbion webhook set {account}`"
            return fault(AccountCheck.REFUSED_WEBHOOKS, found, fix)
        if count:
            return note(AccountCheck.REFUSED_WEBHOOKS, found)
        return ok(AccountCheck.REFUSED_WEBHOOKS, "none")

    return look


def _survives(check: AccountCheck, look: Look) -> Look:
    """A store that cannot be asked is the database's fault, not the account's."""

    async def surviving() -> Finding:
        try:
            return await look()
        except OrbionError as error:
            return note(check, f"not known: {error.code}")

    return surviving
