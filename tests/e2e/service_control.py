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


def _holds(operator: str, patterns: list[str], value: str | None) -> bool:
    """A condition on one key. What the request does not have is like nothing, and not equal to anything."""
    if operator == "ArnLike":
        return value is not None and any(_matches(pattern, value, ":") for pattern in patterns)
    if operator == "ArnNotLike":
        return value is None or not any(_matches(pattern, value, ":") for pattern in patterns)
    if operator == "ForAnyValue:StringLike":
        return value is not None and any(_matches(pattern, value) for pattern in patterns)
    assert operator == "StringNotEquals", f"an operator beyond this: {operator}"
    return value not in patterns


def denies(policy: dict[str, Any], principal: str, action: str, resource: str, **context: str) -> bool:
    """Whether a statement denies the principal the action on the resource.

    function_arn: of a mapping. alias: of a key.
    """
    known = {
        "aws:PrincipalArn": principal,
        "aws:PrincipalAccount": principal.split(":")[4],
        "lambda:FunctionArn": context.get("function_arn"),
        "kms:ResourceAliases": context.get("alias"),
    }
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Deny", "a policy that allows is beyond this"
        conditions = [
            (operator, known[key], _list(patterns))
            for operator, keys in statement.get("Condition", {}).items()
            for key, patterns in keys.items()
        ]
        if (
            any(_matches(pattern.lower(), action.lower()) for pattern in _list(statement["Action"]))
            and any(_matches(pattern, resource) for pattern in _list(statement["Resource"]))
            and all(_holds(operator, patterns, value) for operator, value, patterns in conditions)
        ):
            return True
    return False
