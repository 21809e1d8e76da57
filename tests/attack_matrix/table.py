"""The outcomes as a table."""

from __future__ import annotations

from collections.abc import Iterable

from .known import NOT_NOTICED, STAYS_OFF
from .rounds import SWEEP, Outcome

_LEGEND = """\
- *Back*: the part is as before. In seconds from the event's arrival, or with the next sweep.
- *Noticed*: what reached a subscriber of the topic, and by which way. *event*: the call itself woke the responder. \
*stop*: the notice of the stop that followed says more than that. *sweep*: with the next one. *alarm*: something \
fails, within a minute or two. *heartbeat*: an alarm, after three silent intervals. *finding*: nothing reached \
that subscriber, and Security Hub has it. What is not back counts only if it is critical or an alarm.
- *Logs again*: after the stop that followed, in seconds from the call, or with the next sweep.
- *[stop]*: the notice of the stop names the attack among what else was done. Without a stop nobody hears of it.
"""


def is_expected(outcome: Outcome) -> bool:
    """In order, or a known limit."""
    name = outcome.attack.name
    return (outcome.noticed or name in NOT_NOTICED) and (outcome.logs is not None or name in STAYS_OFF)


def obsolete(outcomes: Iterable[Outcome]) -> list[str]:
    """Known limits that are none any more."""
    by_name = {outcome.attack.name: outcome for outcome in outcomes}
    return [
        *(name for name in NOT_NOTICED if name in by_name and by_name[name].noticed),
        *(name for name in STAYS_OFF if name in by_name and by_name[name].logs),
    ]


def line(outcome: Outcome) -> str:
    """For the terminal."""
    return f"{outcome.attack.name}: back {_back(outcome)}; noticed {_noticed(outcome)}; logs again {_logs(outcome)}"


def table(outcomes: list[Outcome]) -> str:
    """Markdown, with the reasons of known limits below."""
    reasons: list[str] = []
    rows = ["| Part | Attack | Back | Noticed | Logs again |", "| --- | --- | --- | --- | --- |"]
    group = ""
    for outcome in outcomes:
        name = outcome.attack.name
        noticed, logs = _noticed(outcome), _logs(outcome)
        if not outcome.noticed:
            noticed += _note(NOT_NOTICED.get(name), reasons)
        if not outcome.logs:
            logs += _note(STAYS_OFF.get(name), reasons)
        shown = outcome.attack.group if outcome.attack.group != group else ""
        group = outcome.attack.group
        rows.append(f"| {shown} | {name} | {_back(outcome)} | {noticed} | {logs} |")
    notes = "".join(f"{number}. {reason}\n" for number, reason in enumerate(reasons, 1))
    return (
        f"{summary(outcomes)}\n\n{_LEGEND}\n" + "\n".join(rows) + (f"\n\nWhat is known:\n\n{notes}" if notes else "\n")
    )


def summary(outcomes: list[Outcome]) -> str:
    """One line."""
    noticed = sum(outcome.noticed for outcome in outcomes)
    ways = sum(len({told.way for told in outcome.told}) > 1 for outcome in outcomes)
    back = sum(bool(outcome.back or outcome.refused) for outcome in outcomes)
    logs = sum(bool(outcome.logs) for outcome in outcomes)
    return (
        f"{len(outcomes)} attacks: {noticed} noticed, {ways} of them by two ways or more; {back} undone; "
        f"after {logs} the trail logs again within a sweep."
    )


def _note(reason: str | None, reasons: list[str]) -> str:
    if reason is None:
        return ""
    if reason not in reasons:
        reasons.append(reason)
    return f" ({reasons.index(reason) + 1})"


def _back(outcome: Outcome) -> str:
    if outcome.refused:
        return f"refused: {outcome.refused}"
    if not outcome.back:
        return "no"
    return "next sweep" if outcome.back == SWEEP else f"{outcome.back_seconds:.2f} s"


def _noticed(outcome: Outcome) -> str:
    if outcome.refused:
        return "not needed"
    if not outcome.told:
        return "**no**" + (" [stop]" if outcome.named_beside else "")
    quietly = "" if outcome.noticed else "**no**: "
    shown: dict[tuple[str, str], str] = {}
    for told in outcome.told:
        when = f" {told.seconds:.1f} s" if told.way in ("event", "stop") else ""
        shown.setdefault((told.way, told.what), f"{told.way}{when}: {told.what}")
    return quietly + "; ".join(shown.values())


def _logs(outcome: Outcome) -> str:
    if not outcome.logs:
        return "**no**"
    return "next sweep" if outcome.logs == SWEEP else f"{outcome.logs_seconds:.2f} s"
