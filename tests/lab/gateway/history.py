"""What happened: records, deliveries and the latest requests, in memory and bounded."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Any


@dataclass
class History:
    """Three logs, oldest first, and the gateway's own failures."""

    failures: list[str] = field(default_factory=list)

    records: deque[tuple[float, dict[str, Any]]] = field(default_factory=lambda: deque(maxlen=50_000))
    deliveries: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=20_000))
    requests: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=5_000))

    def forget_since(self, epoch: float) -> None:
        """As if nothing had happened since then. Failures stay."""
        for log, at in ((self.records, 0), (self.deliveries, "at"), (self.requests, "received_at")):
            kept = [entry for entry in log if entry[at] < epoch]
            log.clear()
            log.extend(kept)

    def add_failure(self, text: str) -> None:
        """Something the gateway could not do; a test run with any is not to be trusted."""
        self.failures.append(text)

    def add_record(self, epoch: float, record: dict[str, Any]) -> None:
        self.records.append((epoch, record))

    def add_delivery(self, **entry: Any) -> None:
        self.deliveries.append(entry)

    def add_request(self, **entry: Any) -> None:
        self.requests.append(entry)
