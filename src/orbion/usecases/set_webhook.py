"""Point a gateway's webhook at this service, and see that it stuck."""

from dataclasses import dataclass

from orbion.domain.errors import FaultCode, RefusedError, RejectedError
from orbion.domain.gateway_webhook import Target, Webhook
from orbion.ports import Gateway


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookChange:
    """`after` equals `before` when nothing had to be done."""

    before: Webhook | None
    after: Webhook


@dataclass(frozen=True, slots=True, kw_only=True)
class SetWebhook:
    """`secret` is what the gateway will prove itself with."""

    gateway: Gateway
    target: Target
    secret: str

    async def __call__(self) -> WebhookChange:
        """Doing it twice does it once.

        Raises:
            RejectedError: nobody told the public address.
            RefusedError: the gateway answers well and keeps something else.
        """
        wanted = self.target.wanted(self.secret)
        if wanted is None:
            raise RejectedError(
                FaultCode.INPUT_BAD,
                "ORBION_PUBLIC_URL is not set: give the address at which the gateway reaches "
                "this service",
            )
        before = await self.gateway.webhook()
        if before == wanted:
            return WebhookChange(before=before, after=wanted)
        await self.gateway.set_webhook(wanted)
        after = await self.gateway.webhook()
        if after != wanted:
            raise RefusedError(FaultCode.CONFLICT, "the gateway did not keep the new webhook")
        return WebhookChange(before=before, after=wanted)
