"""What the emulator lacks of AWS and this lab needs, added to it in process before it serves.

Each file extends one service. Whatever is changed names the page of AWS's documentation
that says so; where AWS does not say, the docstring says that. Written for MiniStack 1.5.
"""

from __future__ import annotations

from . import (
    alarms,
    asynchronous,
    authorization,
    buckets,
    event_buses,
    event_sources,
    functions,
    insights,
    logging_state,
    organizations,
    own_calls,
    schedules,
    security_hub,
    sessions,
    settings,
    snapshots,
    stacks,
    tags,
)

_EXTENSIONS = (
    own_calls,
    settings,
    tags,
    insights,
    logging_state,
    authorization,
    schedules,
    asynchronous,
    functions,
    organizations,
    sessions,
    event_buses,
    event_sources,
    stacks,
    alarms,
    snapshots,
    security_hub,
    buckets,
)


def install() -> None:
    """Extend the emulator, once, before it serves."""
    for extension in _EXTENSIONS:
        extension.install()
