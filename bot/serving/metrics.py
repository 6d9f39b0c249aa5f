"""Metrics for an operator's dashboard, in Prometheus' text format.

Not prometheus_client: this registry is a page long, has no global state and can only hold the names listed
here. No label ever names a person, a channel or a conversation.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900)
COUNTS = (0, 1, 2, 5, 10, 20, 50, 100)


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric. `labels` are the only ones it may have."""

    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()
    buckets: tuple[float, ...] = ()


METRICS: Mapping[str, Metric] = {
    "inbox_ack_seconds": Metric(
        kind="histogram", help="Time to store an event before the platform is answered.", buckets=SECONDS
    ),
    "inbox_rejected_total": Metric(
        kind="counter", help="Events that were not taken in, by reason.", labels=("reason",)
    ),
    "mailbox_depth": Metric(
        kind="histogram", help="Messages waiting in a conversation when one is taken up.", buckets=COUNTS
    ),
    "ready_lag_seconds": Metric(
        kind="histogram",
        help="From the event (the platform's clock) to a worker starting on it.",
        buckets=SECONDS,
    ),
    "loop_lag_seconds": Metric(
        kind="histogram",
        help="How late the event loop is while turns run. A process that is late takes up nothing new.",
        buckets=SECONDS,
    ),
    "turn_seconds": Metric(
        kind="histogram", help="From claim to commit, by outcome.", labels=("outcome",), buckets=SECONDS
    ),
    "turn_resumed_total": Metric(kind="counter", help="Turns that a second worker had to go on with."),
    "turn_fenced_total": Metric(
        kind="counter", help="Turns that were taken over while this worker had them."
    ),
    "platform_call_total": Metric(
        kind="counter", help="Calls to a chat platform, by result.", labels=("api", "code")
    ),
    "platform_ratelimited_seconds": Metric(
        kind="counter", help="Waiting asked for by a chat platform.", labels=("api",)
    ),
    "platform_connected": Metric(
        kind="gauge",
        help="1 while the connection is open through which a platform delivers, where there is one.",
        labels=("platform",),
    ),
    "platform_refused_total": Metric(
        kind="counter",
        help="Turns put off because a chat platform refuses the bot's token, secret or rights.",
        labels=("platform", "code"),
    ),
    "platform_refused": Metric(
        kind="gauge",
        help="Conversations that wait for a refusal to be mended; /readyz names the remedy.",
        labels=("platform",),
    ),
    "provider_errors_total": Metric(
        kind="counter",
        help="Questions a model did not answer, by class of error.",
        labels=("class", "provider"),
    ),
    "tokens_total": Metric(
        kind="counter", help="Tokens read and written, by model.", labels=("model", "direction")
    ),
    "cached_tokens_total": Metric(
        kind="counter",
        help="Of the tokens read: found in the vendor's prompt cache, and kept in it.",
        labels=("model", "direction"),
    ),
    "cost_usd_total": Metric(
        kind="counter", help="Estimated cost in US dollars, by model.", labels=("model",)
    ),
    "dead_letters": Metric(
        kind="counter", help="Events that were given up on, with an apology to the person."
    ),
    "dead_letters_kept": Metric(kind="gauge", help="Of these, how many are kept and could be put again."),
    "draining": Metric(kind="gauge", help="1 while this process is on its way out."),
}

Labels = tuple[tuple[str, str], ...]


class Meter(Protocol):
    """Receives measurements. Implemented by `Metrics`. KeyError: a name or label is not in METRICS."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...

    def observe(self, name: str, value: float, **labels: str) -> None: ...

    def level(self, name: str, value: float, **labels: str) -> None: ...


class Metrics:
    """Counts, and prints the counts."""

    def __init__(self) -> None:
        self._values: defaultdict[str, dict[Labels, float]] = defaultdict(dict)
        self._buckets: defaultdict[str, dict[Labels, list[int]]] = defaultdict(dict)

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        key = self._key(name, labels)
        self._values[name][key] = self._values[name].get(key, 0) + amount

    def level(self, name: str, value: float, **labels: str) -> None:
        self._values[name][self._key(name, labels)] = value

    def observe(self, name: str, value: float, **labels: str) -> None:
        self.count(name, value, **labels)
        limits = METRICS[name].buckets
        counts = self._buckets[name].setdefault(self._key(name, labels), [0] * (len(limits) + 1))
        counts[next((place for place, limit in enumerate(limits) if value <= limit), len(limits))] += 1

    def text(self) -> str:
        """Everything in the text exposition format, version 0.0.4."""
        return "".join(line + "\n" for name, metric in METRICS.items() for line in self._lines(name, metric))

    def _key(self, name: str, labels: Mapping[str, str]) -> Labels:
        if set(labels) != set(METRICS[name].labels):
            raise KeyError(f"{name} has the labels {METRICS[name].labels}")
        return tuple((label, labels[label]) for label in METRICS[name].labels)

    def _lines(self, name: str, metric: Metric) -> Iterator[str]:
        yield f"# HELP {name} {metric.help}"
        yield f"# TYPE {name} {metric.kind}"
        if metric.kind != "histogram":
            values = self._values[name] or ({} if metric.labels else {(): 0.0})
            yield from (f"{name}{_labels(key)} {value:g}" for key, value in values.items())
            return
        for key, counts in self._buckets[name].items():
            total = 0
            for limit, count in zip((*metric.buckets, "+Inf"), counts, strict=True):
                total += count
                yield f"{name}_bucket{_labels((*key, ('le', str(limit))))} {total}"
            yield f"{name}_sum{_labels(key)} {self._values[name][key]:g}"
            yield f"{name}_count{_labels(key)} {total}"


def _labels(key: Labels) -> str:
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in key)
    return f"{{{pairs}}}" if pairs else ""


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
