"""CloudTrail's way to write a time."""

from __future__ import annotations

import time
from datetime import UTC, datetime


def time_text(epoch: float | None = None) -> str:
    """UTC in whole seconds; now, if no time is given."""
    moment = datetime.fromtimestamp(time.time() if epoch is None else epoch, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
