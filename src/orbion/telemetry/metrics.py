"""Declare every metric of the program once, on a registry of its own."""

import math
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import prometheus_client as prometheus
import psutil
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder

from orbion.telemetry.failures import Failures
from orbion.telemetry.instruments import Counter, Gauge, Histogram

_ACK_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0)
_HTTP_SECONDS = (0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_CALL_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0)
_TURN_SECONDS = (0.001, 0.0025, 0.005, *_CALL_SECONDS)
_REPLY_SECONDS = (0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 60.0, 300.0, 600.0, 900.0)
_COMMIT_SECONDS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0)
_CALLS_A_TURN = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 8.0)
_GROUP_SIZES = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0)
_MODEL_SECONDS = tuple(0.01 * 2.0**power for power in range(14))
_TOKENS = tuple(4.0**power for power in range(14))
_ROUTE = ("method", "route")
_GEN_AI = "gen_ai_"
_MODEL_CALL = ("gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model")

_CIRCUIT_STATES = ("closed", "open", "half_open")

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricDoc:
    name: str
    kind: Kind
    labels: tuple[str, ...]
    help: str


class Metrics:
    """All metrics. Label values come from closed sets: never a phone, an id, a path or a text."""

    def __init__(self, *, version: str = "unknown") -> None:
        self._registry = prometheus.CollectorRegistry()
        self._docs: list[MetricDoc] = []
        self._before_collect: list[Callable[[], None]] = []
        self._declare_webhooks()
        self._declare_operators()
        self._declare_turns()
        self._declare_business()
        self._declare_model()
        self._declare_outbound()
        self._declare_accounts()
        self._declare_durable_work()
        self._declare_guards()
        self._declare_process(version)
        self.failures = Failures(self.failed.inc)

    def describe(self) -> list[MetricDoc]:
        """Every metric in the order of the declaration."""
        return list(self._docs)

    def before_collect(self, refresh: Callable[[], None]) -> None:
        """Call `refresh` before each reading, to set what is only known by looking."""
        self._before_collect.append(refresh)

    def collect(self) -> Iterable[Metric]:
        """The samples of now: no creation times, which would double every counter, no unknowns."""
        for refresh in self._before_collect:
            refresh()
        for metric in self._registry.collect():
            metric.samples = [
                sample
                for sample in metric.samples
                if not (sample.name.endswith("_created") or math.isnan(sample.value))
            ]
            yield metric

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """Write the format that an Accept header asks for, and name its content type.

        Prometheus text is the default; only OpenMetrics carries exemplars.
        """
        encode, content_type = choose_encoder(accept)
        return encode(self), content_type

    def set_circuit(self, circuit: str, state: str) -> None:
        """One-hot: 1 for the circuit's state, 0 for the others."""
        for each in _CIRCUIT_STATES:
            self.circuit_state.set(float(each == state), circuit, each)

    def guard_observer(self, service: str, operation: str) -> Callable[[str, float], None]:
        """What a guard tells of each call; a rejected one is counted but took no time outside."""

        def observe(outcome: str, seconds: float) -> None:
            self.circuit_calls.inc(service, outcome)
            if outcome != "rejected":
                self.dependency_seconds.observe(seconds, service, operation)

        return observe

    def _declare_webhooks(self) -> None:
        self.webhook_requests = self._counter(
            "webhook_requests_total", "Webhook requests by answer.", "channel", "outcome"
        )
        self.webhook_ack_seconds = self._histogram(
            "webhook_ack_seconds",
            "Seconds from a webhook's arrival to its answer.",
            "channel",
            "outcome",
            buckets=_ACK_SECONDS,
        )
        self.webhook_age_seconds = self._gauge(
            "webhook_age_seconds", "Seconds since the last authentic webhook.", "account"
        )
        self.inbound_messages = self._counter(
            "inbound_messages_total", "Messages stored, by kind.", "channel", "kind"
        )
        self.duplicates = self._counter(
            "duplicates_total", "Events received again and recognised.", "channel"
        )
        self.gap_healed = self._counter(
            "gap_healed_total", "Messages read back that no webhook had brought.", "provider"
        )
        self.quarantine = self._counter(
            "quarantine_total", "Events set aside for a person to look at.", "channel", "reason"
        )

    def _declare_operators(self) -> None:
        self.http_requests = self._counter(
            "http_requests_total",
            "Requests of operators and monitoring, by route and class of status.",
            *_ROUTE,
            "status",
        )
        self.http_seconds = self._histogram(
            "http_request_seconds",
            "Seconds from such a request's arrival to its answer's end.",
            *_ROUTE,
            buckets=_HTTP_SECONDS,
        )

    def _declare_turns(self) -> None:
        self.turns = self._counter("turns_total", "Turns by their verdict.", "verdict")
        self.turn_seconds = self._histogram(
            "turn_seconds",
            "Seconds of a turn's parts; the whole is from its claim to its commit.",
            "stage",
            buckets=_TURN_SECONDS,
        )
        self.turn_model_calls = self._histogram(
            "turn_model_calls", "Model calls that one turn needed.", buckets=_CALLS_A_TURN
        )
        self.tool_calls = self._counter(
            "tool_calls_total", "Tools that the model used, unknown ones together.", "tool"
        )
        self.fallbacks = self._counter(
            "fallbacks_total", "Turns answered from the playbook, by each reason.", "reason"
        )
        self.reply_latency_seconds = self._histogram(
            "reply_latency_seconds",
            "Seconds from a message's commit to the gateway's accept of its answer.",
            buckets=_REPLY_SECONDS,
        )
        self.takeovers = self._counter(
            "takeover_total", "Conversations that a person took over from the bot."
        )
        self.releases = self._counter(
            "releases_total", "Times that a rule gave conversations back to the bot.", "reason"
        )
        self.notices = self._counter(
            "notices_total", "Notices to owners and other systems, by outcome.", "kind", "outcome"
        )
        self.opt_outs = self._counter("opt_outs_total", "Contacts who asked for no more messages.")
        self.sheet_rows = self._counter(
            "sheet_rows_total", "Lead rows written to the sheet, by outcome.", "outcome"
        )

    def _declare_business(self) -> None:
        self.leads = self._gauge("leads", "Leads by their present stage.", "business", "stage")
        self.conversations_open = self._gauge(
            "conversations_open",
            "Conversations in which a customer wrote within a day, by who answers.",
            "business",
            "mode",
        )
        self.lead_cost = self._gauge(
            "lead_cost_microusd",
            "Cost of models over the leads that came, both of 30 days, millionths of a dollar.",
            "business",
        )

    def _declare_model(self) -> None:
        """The names and buckets are those of OpenTelemetry's GenAI conventions."""
        self.model_seconds = self._histogram(
            "gen_ai_client_operation_duration_seconds",
            "Seconds of one model call; without an error_type it was answered.",
            *_MODEL_CALL,
            "error_type",
            buckets=_MODEL_SECONDS,
        )
        self.model_tokens = self._histogram(
            "gen_ai_client_token_usage",
            "Tokens of one model call, input and output.",
            *_MODEL_CALL,
            "gen_ai_token_type",
            buckets=_TOKENS,
        )

        self.model_reachable = self._gauge(
            "model_reachable",
            "1 when the provider answered the last look at the model, else 0.",
            "model",
        )
        self.llm_cost = self._counter(
            "llm_cost_microusd_total",
            "Settled cost of model calls, millionths of a dollar.",
            "model",
        )
        self.budget_remaining = self._gauge(
            "budget_remaining_ratio",
            "Free share of a business's budget at its last model call.",
            "business",
            "scope",
        )
        self.budget_renewal = self._gauge(
            "budget_renewal_time_seconds",
            "When a business's budget begins anew, Unix seconds.",
            "business",
            "scope",
        )

    def _declare_outbound(self) -> None:
        self.outbound = self._counter(
            "outbound_total", "Sends settled, by outcome.", "channel", "outcome"
        )
        self.outbound_ambiguous = self._counter(
            "outbound_ambiguous_total",
            "Sends of unknown outcome, by how they were resolved.",
            "channel",
            "resolution",
        )
        self.outbox_rows = self._gauge("outbox_rows", "Rows in the outbox by state.", "state")

    def _declare_accounts(self) -> None:
        self.whatsapp_connected = self._gauge(
            "whatsapp_connected", "1 while the account's number is connected, else 0.", "account"
        )
        self.connection_changes = self._counter(
            "connection_changes_total",
            "Changes of a number's connection, by the new state.",
            "account",
            "state",
        )
        self.account_faults = self._gauge(
            "account_faults", "Faults that the last check of an account found.", "account"
        )
        self.webhooks_refused = self._counter(
            "webhooks_refused_total",
            "Webhooks of a known account without a valid credential.",
            "account",
        )
        self.sends_unconfirmed = self._gauge(
            "sends_unconfirmed",
            "Of the last hour's sends, those that WhatsApp had not confirmed after a minute.",
            "account",
        )

    def _declare_durable_work(self) -> None:
        self.lane_depth = self._gauge("lane_depth", "Lanes with work waiting or running.", "queue")
        self.lane_oldest_seconds = self._gauge(
            "lane_oldest_seconds", "Age in seconds of the oldest waiting work.", "queue"
        )
        self.tasks_claimed = self._counter(
            "tasks_claimed_total", "Tasks handed to a worker, retries counted again.", "queue"
        )
        self.lane_lost = self._counter(
            "lane_lost_total", "Leases lost before the work was finished.", "queue"
        )
        self.dead_letters = self._counter(
            "dead_letters_total", "Tasks given up after their last attempt.", "queue", "reason"
        )
        self.dead_letters_waiting = self._gauge(
            "dead_letters_waiting", "Dead letters that nobody has looked at yet."
        )
        self.quarantine_waiting = self._gauge(
            "quarantine_waiting", "Quarantined webhooks that nobody has looked at yet."
        )
        self.db_commit_seconds = self._histogram(
            "db_commit_seconds",
            "Seconds of one group commit, transaction begin to durable.",
            buckets=_COMMIT_SECONDS,
        )
        self.db_group_size = self._histogram(
            "db_group_size", "Transactions that shared one commit.", buckets=_GROUP_SIZES
        )

    def _declare_guards(self) -> None:
        self.circuit_state = self._gauge(
            "circuit_state", "1 for the circuit's present state, else 0.", "circuit", "state"
        )
        self.circuit_calls = self._counter(
            "circuit_calls_total", "Guarded calls by outcome.", "service", "outcome"
        )
        self.retries = self._counter(
            "retry_total", "Calls made again, by why the one before failed.", "service", "reason"
        )
        self.failed = self._counter(
            "failures_total", "Failed calls, writes and turns by their cause.", "code"
        )
        self.dependency_seconds = self._histogram(
            "dependency_seconds",
            "Seconds of one attempted outside call.",
            "service",
            "operation",
            buckets=_CALL_SECONDS,
        )
        self.cache_requests = self._counter(
            "cache_requests_total", "Cache reads by result, hit or miss.", "cache", "result"
        )

    def _declare_process(self, version: str) -> None:
        self.event_loop_lag_seconds = self._histogram(
            "event_loop_lag_seconds",
            "Seconds that the event loop woke a sleeper late.",
            buckets=_ACK_SECONDS,
        )
        self.disk_free_bytes = self._gauge(
            "disk_free_bytes", "Free bytes on the file system of the database."
        )
        self.disk_size_bytes = self._gauge(
            "disk_size_bytes", "Size of the file system of the database."
        )
        self.disk_reserve_bytes = self._gauge(
            "disk_reserve_bytes", "Free bytes below which webhooks are answered 503."
        )
        self.backup_age_seconds = self._gauge(
            "backup_age_seconds", "Age of the newest file in the folder of backups."
        )
        self.clock_skew_seconds = self._gauge(
            "clock_skew_seconds",
            "How far this clock is ahead of the server's that answered last, to half a second.",
        )
        for unknown in (self.backup_age_seconds, self.clock_skew_seconds):
            unknown.set(math.nan)
        build = self._gauge(
            "build_info", "Always 1; the labels say what runs.", "version", "python"
        )
        build.set(1, version, platform.python_version())
        memory = self._gauge("process_resident_memory_bytes", "Resident memory of the process.")
        cpu = self._counter("process_cpu_seconds_total", "User and system CPU seconds spent.")
        files = self._gauge("process_open_fds", "Open file descriptors of the process.")
        started = self._gauge("process_start_time_seconds", "Start of the process, Unix seconds.")
        process = psutil.Process()
        started.set(process.create_time())

        def refresh() -> None:
            with process.oneshot():
                times = process.cpu_times()
                memory.set(process.memory_info().rss)
                cpu.follow(times.user + times.system)
                files.set(process.num_fds())

        self.before_collect(refresh)

    def _counter(self, name: str, text: str, *labels: str) -> Counter:
        full = self._document("counter", name, text, labels)
        return Counter(prometheus.Counter(full, text, labels, registry=self._registry), labels)

    def _gauge(self, name: str, text: str, *labels: str) -> Gauge:
        full = self._document("gauge", name, text, labels)
        return Gauge(prometheus.Gauge(full, text, labels, registry=self._registry), labels)

    def _histogram(self, name: str, text: str, *labels: str, buckets: Sequence[float]) -> Histogram:
        full = self._document("histogram", name, text, labels)
        family = prometheus.Histogram(full, text, labels, registry=self._registry, buckets=buckets)
        return Histogram(family, labels)

    def _document(self, kind: Kind, name: str, text: str, labels: tuple[str, ...]) -> str:
        full = name if name.startswith(_GEN_AI) else f"orbion_{name}"
        self._docs.append(MetricDoc(name=full, kind=kind, labels=labels, help=text))
        return full
