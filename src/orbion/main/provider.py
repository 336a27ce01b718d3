"""Loads the client of the model's provider, whose SDK takes up to a second to import."""

import importlib

from orbion.adapters.llm.late import ClosingLLM
from orbion.config import Settings


def load_openai(settings: Settings, key: str, http_client: object = None) -> ClosingLLM:
    """Import the SDK and build the provider; slow, so it is called in a thread.

    `http_client`, of httpx2, replaces the network.
    """
    adapter = importlib.import_module("orbion.adapters.llm.openai")
    base_url = settings.openai_base_url
    client = adapter.build_client(
        api_key=key,
        base_url=None if base_url is None else str(base_url),
        timeout=settings.model_deadline,
        http_client=http_client,
    )
    provider: ClosingLLM = adapter.OpenAILLM(
        client,
        models=settings.models,
        timeout=settings.model_deadline,
        max_output_tokens=settings.openai_max_output_tokens,
    )
    return provider
