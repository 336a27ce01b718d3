"""An account's check finds each fault, and asks the gateway no more than it must."""

from collections import Counter
from dataclasses import dataclass, field
from random import Random
from typing import NoReturn

import pytest

from orbion.domain.accounts import (
    AccountCheck,
    AccountReport,
    Finding,
    Receipts,
    Verdict,
    ok,
)
from orbion.domain.errors import FaultCode, OrbionError, UnavailableError
from orbion.domain.events import ConnectionState
from orbion.domain.gateway_webhook import NEEDED, USEFUL, Target, Webhook, webhook_path
from orbion.kit.cache import Cache, CachePolicy
from orbion.telemetry.metrics import Metrics
from orbion.usecases.account_evidence import last_webhook, refused_webhooks, unconfirmed_sends
from orbion.usecases.check_account import CheckAccount, fix_of, judge_version
from orbion.usecases.refusals import BURST, Refusals
from tests.support.stores import HandClock
from tests.usecases.stage import counted

WEBHOOK = Webhook(
    url="https://orbion.example/webhooks/evolution/loja",
    enabled=True,
    by_events=False,
    base64=False,
    events=NEEDED | USEFUL,
    headers={},
)
GATEWAY_CHECKS = ("gateway", "key", "instance", "licence", "version", "connection", "webhook")
DOWN = UnavailableError(FaultCode.WHATSAPP_UNREACHABLE, "cannot connect to the gateway")


@dataclass(slots=True)
class ScriptedGateway:
    """Says what a test sets, or fails with it, and counts what it was asked."""

    state: ConnectionState | OrbionError = ConnectionState.OPEN
    runs: str | OrbionError = "2.3.7"
    hook: Webhook | OrbionError | None = WEBHOOK
    asked: Counter[str] = field(default_factory=Counter)

    async def connection(self) -> ConnectionState:
        self.asked["connection"] += 1
        if isinstance(self.state, OrbionError):
            raise self.state
        return self.state

    async def version(self) -> str:
        self.asked["version"] += 1
        if isinstance(self.runs, OrbionError):
            raise self.runs
        return self.runs

    async def webhook(self) -> Webhook | None:
        self.asked["webhook"] += 1
        if isinstance(self.hook, OrbionError):
            raise self.hook
        return self.hook

    async def set_webhook(self, wanted: Webhook) -> NoReturn:
        raise NotImplementedError(wanted)

    async def qr_code(self) -> NoReturn:
        raise NotImplementedError


@dataclass(slots=True)
class Desk:
    """The use case over a scripted gateway."""

    clock: HandClock = field(default_factory=HandClock)
    gateway: ScriptedGateway = field(default_factory=ScriptedGateway)
    made: list[CheckAccount] = field(default_factory=list)

    async def look(self) -> dict[str, Finding]:
        return {finding.check: finding for finding in (await self.report()).findings}

    async def report(self) -> AccountReport:
        if not self.made:
            self.made.append(check_over(self.gateway, self.clock))
        return await self.made[0]()


def check_over(gateway: ScriptedGateway, clock: HandClock) -> CheckAccount:
    return CheckAccount(
        account="loja",
        gateway=gateway,
        target=Target(path=webhook_path("loja"), address=WEBHOOK.url, accepts=lambda _: True),
        evidence=(),
        versions=Cache(
            "version",
            CachePolicy(maxsize=9, ttl=3600, negative_ttl=3600, jitter=0.0),
            clock=clock,
            random=Random(1),
        ),
        now=clock.now,
    )


async def test_a_number_in_order_has_nothing_to_mend() -> None:
    report = await Desk().report()
    assert report.connection is ConnectionState.OPEN
    assert report.faults == ()
    assert [finding.check for finding in report.findings] == list(GATEWAY_CHECKS)
    assert {finding.verdict for finding in report.findings} == {Verdict.OK}


@pytest.mark.parametrize(
    ("code", "failed", "passed"),
    [
        (FaultCode.WHATSAPP_UNREACHABLE, "gateway", ()),
        (FaultCode.WHATSAPP_SERVER, "gateway", ()),
        (FaultCode.WHATSAPP_UNLICENSED, "licence", ("gateway", "version")),
        (FaultCode.WHATSAPP_INSTANCE_MISSING, "instance", ("gateway", "version")),
        (FaultCode.WHATSAPP_AUTH, "key", ("gateway", "instance", "version")),
    ],
)
async def test_what_the_gateway_refuses_is_the_one_fault(
    code: FaultCode, failed: str, passed: tuple[str, ...]
) -> None:
    desk = Desk(gateway=ScriptedGateway(state=UnavailableError(code, "no")))
    report = await desk.report()
    (fault,) = report.faults
    assert (fault.check, report.connection) == (failed, ConnectionState.UNKNOWN)
    assert fault.fix
    others = {each.check for each in report.findings if each.verdict is Verdict.OK}
    assert others == set(passed)


@pytest.mark.parametrize("state", [each for each in ConnectionState if each != "open"])
async def test_a_number_that_is_not_connected_is_a_fault(state: ConnectionState) -> None:
    found = (await Desk(gateway=ScriptedGateway(state=state)).look())["connection"]
    assert found.verdict is Verdict.FAULT
    assert found.fix == "link the phone with `orbion connect loja`"


async def test_a_webhook_that_cannot_be_asked_for_is_no_fault_of_the_account() -> None:
    desk = Desk(gateway=ScriptedGateway(hook=UnavailableError(FaultCode.CIRCUIT_OPEN, "open")))
    found = (await desk.look())["webhook"]
    assert (found.verdict, found.found) == (Verdict.NOTE, "not asked: open")


async def test_a_webhook_that_is_not_set_is_a_fault_with_the_command_as_its_fix() -> None:
    found = (await Desk(gateway=ScriptedGateway(hook=None)).look())["webhook"]
    assert (found.verdict, found.fix) == (Verdict.FAULT, "set it with `orbion webhook set loja`")


@pytest.mark.parametrize(
    "runs", ["2.3.7", UnavailableError(FaultCode.WHATSAPP_SERVER, "no network there")]
)
async def test_the_version_is_asked_at_most_hourly_even_when_it_is_not_told(
    runs: str | OrbionError,
) -> None:
    desk = Desk(gateway=ScriptedGateway(runs=runs))
    told = Verdict.OK if isinstance(runs, str) else Verdict.NOTE
    for _ in range(60):
        assert (await desk.look())["version"].verdict is told
        desk.clock.pass_(59)
    assert desk.gateway.asked == {"connection": 60, "webhook": 60, "version": 1}
    desk.clock.pass_(120)
    await desk.look()
    assert desk.gateway.asked["version"] == 2


async def test_a_gateway_that_was_down_at_the_start_is_asked_for_its_version_later() -> None:
    desk = Desk(gateway=ScriptedGateway(state=DOWN, runs=DOWN))
    assert "version" not in await desk.look()
    desk.gateway.state, desk.gateway.runs = ConnectionState.OPEN, "2.3.6"
    assert (await desk.look())["version"].found == "2.3.6"


@pytest.mark.parametrize(
    ("version", "verdict"),
    [
        ("2.2.3", Verdict.OK),
        ("2.3.7", Verdict.OK),
        ("2.4.0-rc2", Verdict.OK),
        ("2.5.0", Verdict.NOTE),
        ("3.0.0", Verdict.NOTE),
        ("1.8.2", Verdict.FAULT),
        ("2.1.1", Verdict.FAULT),
        ("latest", Verdict.NOTE),
        ("2", Verdict.NOTE),
        ("", Verdict.NOTE),
    ],
)
def test_versions_that_are_known_too_old_or_too_new(version: str, verdict: Verdict) -> None:
    found = judge_version(version)
    assert (found.check, found.verdict) == (AccountCheck.VERSION, verdict)
    assert version in found.found


def test_only_what_can_be_mended_has_a_fix() -> None:
    assert "api_key" in fix_of(FaultCode.WHATSAPP_AUTH)
    assert fix_of(FaultCode.WHATSAPP_DISCONNECTED) == ""


# What Orbion itself has seen


@pytest.mark.parametrize(
    ("age", "verdict", "says"),
    [
        (None, Verdict.NOTE, "none yet"),
        (125_000, Verdict.OK, "2 min ago"),
        (24 * 3_600_000 + 1, Verdict.NOTE, "1440 min ago"),
    ],
)
async def test_the_age_of_the_last_webhook(age: int | None, verdict: Verdict, says: str) -> None:
    async def heard(account: str) -> int | None:
        assert account == "loja"
        return None if age is None else 9_000_000_000 - age

    found = await last_webhook("loja", heard, lambda: 9_000_000_000)()
    assert (found.verdict, found.found) == (verdict, says)


@pytest.mark.parametrize(
    ("sends", "stuck", "verdict"),
    [
        (0, 0, Verdict.OK),
        (50, 0, Verdict.OK),
        (2, 2, Verdict.NOTE),
        (100, 3, Verdict.NOTE),
        (15, 3, Verdict.FAULT),
        (3, 3, Verdict.FAULT),
    ],
)
async def test_sends_that_nobody_confirms(sends: int, stuck: int, verdict: Verdict) -> None:
    async def receipts(account: str) -> Receipts:
        assert account == "loja"
        return Receipts(sends=sends, stuck=stuck)

    found = await unconfirmed_sends("loja", receipts)()
    assert found.verdict is verdict
    assert bool(found.fix) is (verdict is Verdict.FAULT)


async def test_a_store_that_is_down_is_no_fault_of_the_account() -> None:
    async def closed(_: str) -> NoReturn:
        raise UnavailableError(FaultCode.DB_DOWN, "gone")

    for look in (unconfirmed_sends("loja", closed), last_webhook("loja", closed, lambda: 0)):
        found = await look()
        assert (found.verdict, found.found) == (Verdict.NOTE, "not known: db.down")


def cries(caplog: pytest.LogCaptureFixture) -> int:
    return sum(each.getMessage() == "account.webhooks_refused" for each in caplog.records)


async def test_a_burst_of_refused_webhooks_cries_once_until_it_is_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    clock, metrics = HandClock(), Metrics()
    refusals = Refusals(["loja", "filial"], clock=clock, metrics=metrics)
    look = refused_webhooks("loja", refusals)
    assert await look() == ok(AccountCheck.REFUSED_WEBHOOKS, "none")
    for _ in range(BURST - 1):
        refusals.add("loja")
    assert (await look()).verdict is Verdict.NOTE
    assert cries(caplog) == 0
    for _ in range(20):
        refusals.add("loja")
    assert (await look()).verdict is Verdict.FAULT
    assert "orbion webhook set loja" in (await look()).fix
    assert cries(caplog) == 1
    assert (await refused_webhooks("filial", refusals)()).verdict is Verdict.OK
    clock.pass_(301)
    assert (await look()).verdict is Verdict.OK
    for _ in range(BURST):
        refusals.add("loja")
    assert cries(caplog) == 2
    assert counted(metrics, "webhooks_refused_total", "loja") == 24 + BURST
    assert counted(metrics, "webhooks_refused_total", "filial") == 0


def test_after_a_burst_the_first_good_credential_tells_that_it_is_over() -> None:
    refusals = Refusals(["loja", "filial"], clock=HandClock(), metrics=Metrics())
    for _ in range(BURST - 1):
        refusals.add("loja")
    assert not refusals.ended("loja")
    for _ in range(BURST):
        refusals.add("loja")
    assert not refusals.ended("filial")
    assert [refusals.ended("loja") for _ in range(3)] == [True, False, False]
    refusals.add("loja")
    assert not refusals.ended("loja")
