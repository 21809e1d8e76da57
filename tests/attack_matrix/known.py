"""What is known not to be noticed, or not to come back in time, each with its reason.

An attack that is not here has to be noticed, and after each the trail has to log again. An entry
that is no longer true is said so at the end of a run: take it out.
"""

from __future__ import annotations

from collections.abc import Iterable


def _because(reason: str, names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, reason)


NOT_NOTICED: dict[str, str] = {
    **_because(
        "Told as medium: nothing is declared of a lock unless `log_object_lock` is set. It keeps logs for longer: "
        "that costs money and takes nothing away.",
        ("PutObjectLockConfiguration: ten years",),
    ),
    **_because(
        "Not seen in the lab: on AWS the table's policy refuses the call to all but the responder. The emulator does "
        "not ask it.",
        ("PutItem: a told incident",),
    ),
}

STAYS_OFF: dict[str, str] = _because(
    "The responder and its understudy are gone, and in this account there is nothing else. A person has to put the "
    "trail back; a hub in another account does.",
    ("PutFunctionConcurrency: 0 for both",),
)
