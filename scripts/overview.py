# ruff: noqa: INP001 — scripts are no package
"""The dashboard that is looked at first: objectives, each part's use and errors, the business."""

from typing import Final

from scripts.panels import Panel, Row, per_hour, quantiles, rate, share

REQUESTS: Final = "orbion_http_requests_total"
OVERVIEW: Final = (
    Row(
        "Objectives",
        (
            Panel(
                "Missed, over an hour",
                "percentunit",
                {
                    "S1 webhooks": "orbion:ack_errors:ratio_rate1h",
                    "S2 answers": "orbion:answer_errors:ratio_rate1h",
                    "S3 sends": "orbion:send_errors:ratio_rate1h",
                },
            ),
            Panel("Firing alerts", "short", {"{{alertname}}": 'ALERTS{alertstate="firing"}'}),
            Panel(
                "Numbers connected",
                "short",
                {
                    "{{account}}": "orbion_whatsapp_connected",
                    "{{account}} faults": "orbion_account_faults",
                },
            ),
        ),
    ),
    Row(
        "Webhooks: rate, errors, duration",
        (
            Panel(
                "Rate by outcome",
                "reqps",
                {"{{outcome}}": rate("orbion_webhook_requests_total", "outcome")},
            ),
            Panel(
                "Errors",
                "reqps",
                {
                    "{{outcome}}": rate(
                        "orbion_webhook_requests_total"
                        '{outcome=~"unavailable|unauthorized|too_large|disconnected"}',
                        "outcome",
                    ),
                    "refused {{account}}": rate("orbion_webhooks_refused_total", "account"),
                },
            ),
            Panel("Duration", "s", quantiles("orbion_webhook_ack_seconds")),
        ),
    ),
    Row(
        "Operators' routes: rate, errors, duration",
        (
            Panel(
                "Rate by route",
                "reqps",
                {"{{method}} {{route}}": rate(REQUESTS, "method, route")},
            ),
            Panel(
                "Errors",
                "reqps",
                {
                    "{{method}} {{route}}": rate(
                        f'{REQUESTS}{{status=~"4xx|5xx"}}', "method, route"
                    )
                    + f" or 0 * {rate(REQUESTS, 'method, route')}"
                },
            ),
            Panel(
                "Duration, p95",
                "s",
                {
                    "p95 {{method}} {{route}}": "histogram_quantile(0.95, "
                    f"{rate('orbion_http_request_seconds_bucket', 'le, method, route')})"
                },
            ),
        ),
    ),
    Row(
        "Dependencies: rate, errors, duration",
        (
            Panel(
                "Calls by outcome",
                "reqps",
                {"{{service}} {{outcome}}": rate("orbion_circuit_calls_total", "service, outcome")},
            ),
            Panel(
                "Circuits not closed",
                "short",
                {"{{circuit}}": '1 - orbion_circuit_state{state="closed"}'},
            ),
            Panel("Duration", "s", quantiles("orbion_dependency_seconds", "service")),
            Panel(
                "Failures by cause",
                "reqps",
                {
                    "{{code}}": rate("orbion_failures_total", "code"),
                    "again {{service}} {{reason}}": rate("orbion_retry_total", "service, reason"),
                },
            ),
        ),
    ),
    Row(
        "Process, database, disk: use, saturation, errors",
        (
            Panel(
                "Processor",
                "percentunit",
                {"{{instance}}": "rate(orbion_process_cpu_seconds_total[$__rate_interval])"},
            ),
            Panel(
                "Memory",
                "bytes",
                {"{{instance}}": "orbion_process_resident_memory_bytes"},
            ),
            Panel("Event loop is late", "s", quantiles("orbion_event_loop_lag_seconds")),
            Panel("Commit", "s", quantiles("orbion_db_commit_seconds")),
            Panel(
                "Transactions a commit",
                "short",
                {
                    "mean": share("orbion_db_group_size_sum", "orbion_db_group_size_count"),
                },
            ),
            Panel(
                "Free disk",
                "bytes",
                {
                    "free {{instance}}": "orbion_disk_free_bytes",
                    "reserve {{instance}}": "orbion_disk_reserve_bytes",
                    "size {{instance}}": "orbion_disk_size_bytes",
                },
            ),
            Panel("Newest backup", "s", {"{{instance}}": "orbion_backup_age_seconds"}),
            Panel("Clock is ahead", "s", {"{{instance}}": "orbion_clock_skew_seconds"}),
            Panel("Open files", "short", {"{{instance}}": "orbion_process_open_fds"}),
            Panel(
                "Cache reads",
                "reqps",
                {"{{cache}} {{result}}": rate("orbion_cache_requests_total", "cache, result")},
            ),
            Panel(
                "Running since, and what",
                "dateTimeAsIso",
                {
                    "{{version}} on Python {{python}}": "orbion_process_start_time_seconds * 1000 "
                    "* on (job, instance) group_left (version, python) orbion_build_info"
                },
            ),
        ),
    ),
    Row(
        "Business",
        (
            Panel(
                "Leads by stage",
                "short",
                {"{{business}} {{stage}}": "max by (business, stage) (orbion_leads)"},
            ),
            Panel(
                "Open conversations",
                "short",
                {"{{business}} {{mode}}": "max by (business, mode) (orbion_conversations_open)"},
            ),
            Panel(
                "Models, dollars a lead",
                "currencyUSD",
                {"{{business}}": "max by (business) (orbion_lead_cost_microusd) / 1e6"},
            ),
            Panel(
                "Messages an hour",
                "short",
                {"{{kind}}": per_hour("orbion_inbound_messages_total", "kind")},
            ),
            Panel(
                "People an hour",
                "short",
                {
                    "taken over": "sum(increase(orbion_takeover_total[1h]))",
                    "given back: {{reason}}": per_hour("orbion_releases_total", "reason"),
                    "opted out": "sum(increase(orbion_opt_outs_total[1h]))",
                },
            ),
            Panel(
                "Lead rows an hour",
                "short",
                {"{{outcome}}": per_hour("orbion_sheet_rows_total", "outcome")},
            ),
            Panel(
                "Notices an hour",
                "short",
                {"{{kind}}: {{outcome}}": per_hour("orbion_notices_total", "kind, outcome")},
            ),
        ),
    ),
)
