"""Builds what cares for each account: its check, its evidence and the watch that keeps both."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from orbion.config import Settings
from orbion.domain.accounts import Receipts
from orbion.kit.cache import Cache, CachePolicy
from orbion.main.outside import target_of
from orbion.main.world import World
from orbion.ports import Channel, Connections, Gateway
from orbion.telemetry.metrics import Metrics
from orbion.usecases.account_evidence import last_webhook, refused_webhooks, unconfirmed_sends
from orbion.usecases.check_account import VERSION_SECONDS, CheckAccount, Look
from orbion.usecases.follow_connection import FollowConnection
from orbion.usecases.refusals import Refusals
from orbion.workers.accounts import AccountWatch
from orbion.workers.wakeups import Wakeups


@dataclass(frozen=True, slots=True, kw_only=True)
class Care:
    """What watches are made of.

    `heard` has the last authentic webhook of each account, ms UTC; `opened` is told of a number
    that has become connected.
    """

    settings: Settings
    world: World
    gateways: Mapping[str, Gateway]
    channels: Mapping[str, Channel]
    store: Connections
    wakeups: Wakeups
    metrics: Metrics
    heard: Mapping[str, int]
    refusals: Refusals
    opened: Callable[[str], None]


def build_watches(care: Care) -> Mapping[str, AccountWatch]:
    versions = build_versions(care.world)
    follow = FollowConnection(connections=care.store, wake=care.wakeups, opened=care.opened)
    return {
        name: AccountWatch(
            CheckAccount(
                account=name,
                gateway=gateway,
                target=target_of(care.settings, name, care.channels[name]),
                evidence=_evidence(care, name),
                versions=versions,
                now=care.world.clock.now,
            ),
            follow,
            random=care.world.random,
            metrics=care.metrics,
        )
        for name, gateway in care.gateways.items()
    }


def build_versions(world: World) -> Cache[str, str | None]:
    """Make the memory of the gateways' versions; what was not told is not asked again either."""
    policy = CachePolicy(maxsize=256, ttl=VERSION_SECONDS, negative_ttl=VERSION_SECONDS, jitter=0.0)
    return Cache("version", policy, clock=world.clock, random=world.random)


def _evidence(care: Care, name: str) -> Sequence[Look]:
    async def heard(account: str) -> int | None:
        return care.heard.get(account)

    async def receipts(account: str) -> Receipts:
        found = await care.store.receipts(account)
        care.metrics.sends_unconfirmed.set(found.stuck, account)
        return found

    return (
        last_webhook(name, heard, care.world.clock.now),
        refused_webhooks(name, care.refusals),
        unconfirmed_sends(name, receipts),
    )
