"""What the commands about one number share: its gateway, and errors that name the fix."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from orbion.config import load_settings
from orbion.domain.errors import FaultCode, OrbionError, RefusedError, UnavailableError
from orbion.main.operating import Reached, operators_gateway
from orbion.main.world import World, real_world
from orbion.usecases.check_account import fix_of

T = TypeVar("T")

_WRONG = frozenset(
    {
        FaultCode.WHATSAPP_AUTH,
        FaultCode.WHATSAPP_INSTANCE_MISSING,
        FaultCode.WHATSAPP_UNLICENSED,
    }
)


def with_gateway(account: str, work: Callable[[Reached, World], Awaitable[T]]) -> T:
    """Run one piece of work on an account's gateway, whether or not a service is running."""

    async def run() -> T:
        world = real_world()
        async with operators_gateway(load_settings(), world, account) as reached:
            try:
                return await work(reached, world)
            except UnavailableError as error:
                raise _explained(error) from error

    return asyncio.run(run())


def _explained(error: UnavailableError) -> OrbionError:
    """What a person must change first is a refusal, the rest may work later."""
    fix = fix_of(error.code)
    text = f"{error}: {fix}" if fix else str(error)
    if error.code in _WRONG:
        return RefusedError(error.code, text)
    return UnavailableError(error.code, text)
