"""Measures each model call in the terms of OpenTelemetry's GenAI conventions."""

from orbion.domain.errors import OrbionError
from orbion.domain.prompt import Models, Prompt
from orbion.domain.turns import Completion
from orbion.kit.clock import Clock
from orbion.ports import LLM
from orbion.telemetry.metrics import Metrics

_OPERATION = "chat"


class MeasuredLLM:
    """Stands inside the guard, so that only what was really asked is measured."""

    def __init__(
        self,
        inner: LLM,
        *,
        provider: str,
        models: Models,
        clock: Clock,
        metrics: Metrics,
    ) -> None:
        self._inner = inner
        self._provider = provider
        self._models = models
        self._clock = clock
        self._metrics = metrics

    async def complete(self, prompt: Prompt) -> Completion:
        call = (_OPERATION, self._provider, self._models[prompt.task])
        started = self._clock.monotonic()
        error = "timeout"  # the guard's way to end a call that takes too long is to cancel it
        try:
            completion = await self._inner.complete(prompt)
            error = ""
        except OrbionError as fault:
            error = fault.code
            raise
        except Exception:
            error = "_OTHER"
            raise
        finally:
            seconds = self._clock.monotonic() - started
            self._metrics.model_seconds.observe(seconds, *call, error)
        self._metrics.model_tokens.observe(completion.tokens_in, *call, "input")
        self._metrics.model_tokens.observe(completion.tokens_out, *call, "output")
        return completion
