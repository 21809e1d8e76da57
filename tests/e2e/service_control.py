"""Decides as a service control policy that only denies would: enough of IAM's language for that."""

from __future__ import annotations

import re
from typing import Any


def _matches(pattern: str, text: str, separator: str = "") -> bool:
    """* and ? as IAM has them; with a separator they do not cross it, as in the ARNs of conditions."""
    other = f"[^{separator}]" if separator else "."
    translated = "".join({"*": f"{other}*", "?": other}.get(letter, re.escape(letter)) for letter in pattern)
    return re.fullmatch(translated, text) is not None


def _list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def denies(policy: dict[str, Any], principal: str, action: str, resource: str) -> bool:
    """Whether a statement denies the principal the action on the resource."""
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Deny", "a policy that allows is beyond this"
        conditions = dict(statement.get("Condition", {}))
        exempt = conditions.pop("ArnNotLike", {}).get("aws:PrincipalArn", [])
        assert conditions == {}, f"conditions beyond this: {conditions}"
        if (
            any(_matches(pattern.lower(), action.lower()) for pattern in _list(statement["Action"]))
            and any(_matches(pattern, resource) for pattern in _list(statement["Resource"]))
            and not any(_matches(pattern, principal, ":") for pattern in _list(exempt))
        ):
            return True
    return False
