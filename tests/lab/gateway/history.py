"""What happened: records, deliveries and the latest requests, in memory and bounded."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any


class Log:
    """What happened at which time, in the order in which it was heard of.

    Nothing is heard of before it happens. So whoever asks for what happened since a time need not
    go further back than to what was heard of before it: the logs are long, and asked often.
    """

    def __init__(self, most: int) -> None:
        self._entries: deque[tuple[float, float, dict[str, Any]]] = deque(maxlen=most)

    def __len__(self) -> int:
        return len(self._entries)

    def add(self, epoch: float, entry: dict[str, Any]) -> None:
        # The clock may be set back.
        before = self._entries[-1][0] if self._entries else 0.0
        self._entries.append((max(time.time(), epoch, before), epoch, entry))

    def newest_first(self, since: float = 0.0) -> Iterator[tuple[float, dict[str, Any]]]:
        """Each with its time."""
        for heard, epoch, entry in reversed(self._entries):
            if heard < since:
                return
            if epoch >= since:
                yield epoch, entry

    def forget_since(self, epoch: float) -> None:
        kept = [entry for entry in self._entries if entry[1] < epoch]
        self._entries.clear()
        self._entries.extend(kept)


@dataclass
class History:
    """Three logs, and the gateway's own failures."""

    failures: list[str] = field(default_factory=list)

    records: Log = field(default_factory=lambda: Log(50_000))
    deliveries: Log = field(default_factory=lambda: Log(20_000))
    requests: Log = field(default_factory=lambda: Log(5_000))

    def forget_since(self, epoch: float) -> None:
        """As if nothing had happened since then. Failures stay."""
        for log in (self.records, self.deliveries, self.requests):
            log.forget_since(epoch)

    def add_failure(self, text: str) -> None:
        """Something the gateway could not do; a test run with any is not to be trusted."""
        self.failures.append(text)

    def add_record(self, epoch: float, record: dict[str, Any]) -> None:
        self.records.add(epoch, record)

    def add_delivery(self, **entry: Any) -> None:
        self.deliveries.add(entry["at"], entry)

    def add_request(self, **entry: Any) -> None:
        self.requests.add(entry["received_at"], entry)
