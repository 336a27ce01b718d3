"""Measures each model call in the terms of OpenTelemetry's GenAI conventions."""

import logging

from orbion.domain.errors import OrbionError
from orbion.domain.prompt import Models, Prompt
from orbion.domain.turns import Completion
from orbion.kit.clock import Clock
from orbion.ports import LLM
from orbion.telemetry.logs import MODEL, log
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
        completion: Completion | None = None
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
            _note(call, prompt, completion, error, seconds)
        self._metrics.model_tokens.observe(completion.tokens_in, *call, "input")
        self._metrics.model_tokens.observe(completion.tokens_out, *call, "output")
        return completion


def _note(
    call: tuple[str, str, str],
    prompt: Prompt,
    completion: Completion | None,
    error: str,
    seconds: float,
) -> None:
    """A line for the eyes of a trace: the turn's own line tells the rest what they need."""
    operation, provider, model = call
    log(
        MODEL,
        logging.DEBUG,
        trace=prompt.payer.trace,
        operation=operation,
        provider=provider,
        model=model,
        tokens_in=completion.tokens_in if completion else None,
        tokens_out=completion.tokens_out if completion else None,
        failure=error,
        ms=round(seconds * 1000, 2),
    )
