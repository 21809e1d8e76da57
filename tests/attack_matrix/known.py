"""What is known not to be noticed, or not to come back in time, each with its reason.

An attack that is not here has to be noticed, and after each the trail has to log again. An entry
that is no longer true is said so at the end of a run: take it out.
"""

from __future__ import annotations

NOT_NOTICED: dict[str, str] = {}
STAYS_OFF: dict[str, str] = {}
