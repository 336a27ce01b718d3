"""All tools of the model: a new one is a file here and a name in `TOOLS`."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from orbion.agent.tools.record_facts import RECORD_FACTS
from orbion.agent.tools.record_opt_out import RECORD_OPT_OUT
from orbion.agent.tools.request_human import REQUEST_HUMAN
from orbion.agent.tools.search_knowledge import SEARCH_KNOWLEDGE
from orbion.agent.tools.tool import Outcome, Scene, Tool, refusal
from orbion.domain.turns import ToolCall, ToolSpec

TOOLS: Final[Mapping[str, Tool[Any]]] = MappingProxyType(
    {tool.name: tool for tool in (SEARCH_KNOWLEDGE, RECORD_FACTS, REQUEST_HUMAN, RECORD_OPT_OUT)}
)
SPECS: Final[tuple[ToolSpec, ...]] = tuple(tool.spec() for tool in TOOLS.values())


async def run_tool(call: ToolCall, scene: Scene) -> Outcome:
    tool = TOOLS.get(call.name)
    if tool is None:
        return refusal(f"essa ferramenta não existe; as que existem são: {', '.join(TOOLS)}")
    return await tool(call.arguments, scene)
