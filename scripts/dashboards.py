# ruff: noqa: INP001 — scripts are no package
"""Lay out the Grafana dashboards: rows of panels, each a title, a unit and its queries."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from scripts.overview import OVERVIEW
from scripts.panels import Panel, Row, per_hour, quantiles, rate

WIDTH: Final = 24
HEIGHT: Final = 7
DATASOURCE: Final = {"type": "prometheus", "uid": "orbion-prometheus"}


DELIVERY: Final = (
    Row(
        "What the customer feels",
        (
            Panel("Message to answer", "s", quantiles("orbion_reply_latency_seconds")),
            Panel(
                "Sends by outcome",
                "reqps",
                {"{{outcome}}": rate("orbion_outbound_total", "outcome")},
            ),
            Panel(
                "Sends unconfirmed by WhatsApp",
                "short",
                {"{{account}}": "orbion_sends_unconfirmed"},
            ),
        ),
    ),
    Row(
        "Queues",
        (
            Panel("Waiting or running", "short", {"{{queue}}": "orbion_lane_depth"}),
            Panel("Oldest", "s", {"{{queue}}": "orbion_lane_oldest_seconds"}),
            Panel("Outbox", "short", {"{{state}}": "orbion_outbox_rows"}),
            Panel("Claimed", "reqps", {"{{queue}}": rate("orbion_tasks_claimed_total", "queue")}),
            Panel("Leases lost", "reqps", {"{{queue}}": rate("orbion_lane_lost_total", "queue")}),
            Panel(
                "Twice, and not at all",
                "reqps",
                {
                    "again, {{channel}}": rate("orbion_duplicates_total", "channel"),
                    "read back, {{provider}}": rate("orbion_gap_healed_total", "provider"),
                },
            ),
        ),
    ),
    Row(
        "What a person must look at",
        (
            Panel(
                "Waiting",
                "short",
                {
                    "dead letters": "sum(orbion_dead_letters_waiting)",
                    "quarantined": "sum(orbion_quarantine_waiting)",
                },
            ),
            Panel(
                "New an hour",
                "short",
                {
                    "dead {{queue}} {{reason}}": per_hour(
                        "orbion_dead_letters_total", "queue, reason"
                    ),
                    "quarantined {{reason}}": per_hour("orbion_quarantine_total", "reason"),
                },
            ),
            Panel(
                "Unknown outcomes, how resolved",
                "short",
                {"{{resolution}}": per_hour("orbion_outbound_ambiguous_total", "resolution")},
            ),
            Panel("Last webhook", "s", {"{{account}}": "orbion_webhook_age_seconds"}),
            Panel(
                "Connection changes an hour",
                "short",
                {
                    "{{account}} {{state}}": per_hour(
                        "orbion_connection_changes_total", "account, state"
                    )
                },
            ),
        ),
    ),
)

MODEL: Final = (
    Row(
        "Calls",
        (
            Panel(
                "Calls",
                "reqps",
                {
                    "{{gen_ai_request_model}} {{error_type}}": rate(
                        "gen_ai_client_operation_duration_seconds_count",
                        "gen_ai_request_model, error_type",
                    )
                },
            ),
            Panel("Duration", "s", quantiles("gen_ai_client_operation_duration_seconds")),
            Panel("Can be reached", "short", {"{{model}}": "orbion_model_reachable"}),
            Panel(
                "Tokens an hour",
                "short",
                {
                    "{{gen_ai_request_model}} {{gen_ai_token_type}}": per_hour(
                        "gen_ai_client_token_usage_sum", "gen_ai_request_model, gen_ai_token_type"
                    )
                },
            ),
        ),
    ),
    Row(
        "Money",
        (
            Panel(
                "Dollars an hour",
                "currencyUSD",
                {
                    "{{model}}": "sum by (model) "
                    "(increase(orbion_llm_cost_microusd_total[1h])) / 1e6"
                },
            ),
            Panel(
                "Free share of each budget",
                "percentunit",
                {
                    "{{business}} {{scope}}": "min by (business, scope)"
                    " (orbion_budget_remaining_ratio)"
                },
            ),
        ),
    ),
    Row(
        "Turns",
        (
            Panel("Verdicts", "reqps", {"{{verdict}}": rate("orbion_turns_total", "verdict")}),
            Panel("Duration", "s", quantiles("orbion_turn_seconds", where='{stage="whole"}')),
            Panel(
                "Duration of its parts, p95",
                "s",
                {
                    "{{stage}}": "histogram_quantile(0.95, sum by (le, stage) (rate("
                    'orbion_turn_seconds_bucket{stage!="whole"}[$__rate_interval])))'
                },
            ),
            Panel(
                "Seconds of work a second, by part",
                "s",
                {"{{stage}}": rate('orbion_turn_seconds_sum{stage!="whole"}', "stage")},
            ),
            Panel("Model calls a turn", "short", quantiles("orbion_turn_model_calls")),
            Panel("Tools", "reqps", {"{{tool}}": rate("orbion_tool_calls_total", "tool")}),
            Panel(
                "Answered from the playbook, why",
                "short",
                {"{{reason}}": per_hour("orbion_fallbacks_total", "reason")},
            ),
        ),
    ),
)
DASHBOARDS: Final[Mapping[str, tuple[str, Sequence[Row]]]] = {
    "overview": ("Orbion overview", OVERVIEW),
    "delivery": ("Orbion delivery", DELIVERY),
    "model": ("Orbion model", MODEL),
}


def dashboards() -> Mapping[str, str]:
    """Map each dashboard's file name to its JSON."""
    return {
        f"{name}.json": json.dumps(_dashboard(name, title, rows), indent=1, ensure_ascii=False)
        + "\n"
        for name, (title, rows) in DASHBOARDS.items()
    }


def _dashboard(name: str, title: str, rows: Sequence[Row]) -> Mapping[str, Any]:
    return {
        "uid": f"orbion-{name}",
        "title": title,
        "tags": ["orbion"],
        "timezone": "browser",
        "editable": False,
        "graphTooltip": 1,
        "refresh": "30s",
        "schemaVersion": 41,
        "time": {"from": "now-6h", "to": "now"},
        "panels": [{"id": number, **panel} for number, panel in enumerate(_placed(rows), 1)],
    }


def _placed(rows: Sequence[Row]) -> Iterator[Mapping[str, Any]]:
    """Three panels beside each other, under the title of their row."""
    top = 0
    for row in rows:
        yield {
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "gridPos": {"x": 0, "y": top, "w": WIDTH, "h": 1},
            "panels": [],
        }
        top += 1
        for number, panel in enumerate(row.panels):
            place = {"x": number % 3 * 8, "y": top + number // 3 * HEIGHT, "w": 8, "h": HEIGHT}
            yield _panel(panel, place)
        top += -(-len(row.panels) // 3) * HEIGHT


def _panel(panel: Panel, place: Mapping[str, int]) -> Mapping[str, Any]:
    return {
        "type": "timeseries",
        "title": panel.title,
        "datasource": DATASOURCE,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "targets": [
            {
                "refId": chr(ord("A") + number),
                "datasource": DATASOURCE,
                "expr": expr,
                "legendFormat": legend,
                "exemplar": legend.startswith("p"),
            }
            for number, (legend, expr) in enumerate(panel.queries.items())
        ],
    }
