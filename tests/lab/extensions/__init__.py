"""What the emulator lacks of AWS and this lab needs, added to it in process before it serves.

Each file extends one service. Whatever is changed names the page of AWS's documentation
that says so; where AWS does not say, the docstring says that. Written for MiniStack 1.5.
"""

from __future__ import annotations

from . import (
    asynchronous,
    authorization,
    event_buses,
    event_sources,
    functions,
    insights,
    logging_state,
    organizations,
    schedules,
    security_hub,
    sessions,
    settings,
    stacks,
    tags,
)

_EXTENSIONS = (
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
    security_hub,
)


def install() -> None:
    """Extend the emulator, once, before it serves."""
    for extension in _EXTENSIONS:
        extension.install()
