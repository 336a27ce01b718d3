# ruff: noqa: INP001 — scripts are no package
"""What a dashboard is made of: panels, rows of them, and the queries that recur."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Panel:
    """`unit` is Grafana's name of it; `queries` map a legend to PromQL."""

    title: str
    unit: str
    queries: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Row:
    title: str
    panels: Sequence[Panel]


def rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}[$__rate_interval]))"


def share(good: str, total: str) -> str:
    return f"sum(rate({good}[$__rate_interval])) / sum(rate({total}[$__rate_interval]))"


def quantiles(metric: str, by: str = "", *, where: str = "") -> Mapping[str, str]:
    """p50, p95 and p99 of a histogram; `by` splits them by a label, `where` selects series."""
    labels, legend = (f", {by}", f" {{{{{by}}}}}") if by else ("", "")
    return {
        f"p{quantile}{legend}": f"histogram_quantile({quantile / 100}, "
        f"sum by (le{labels}) (rate({metric}_bucket{where}[$__rate_interval])))"
        for quantile in (50, 95, 99)
    }


def per_hour(metric: str, by: str) -> str:
    return f"sum by ({by}) (increase({metric}[1h]))"
