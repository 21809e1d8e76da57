"""Whether a policy allows an action, where the emulator does not ask itself.

Small on purpose: in an Allow an unknown condition operator counts as not met, in a
Deny as met, so that a policy this file does not understand denies.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

Decision = str | None  # "Allow", "Deny", or None: no statement applies
_OPPOSITE = {
    "StringNotEquals": "StringEquals",
    "StringNotLike": "StringLike",
    "ArnNotEquals": "ArnEquals",
    "ArnNotLike": "ArnLike",
}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _is_service(service: str) -> Callable[[Any], bool]:
    def named(principal: Any) -> bool:
        if principal == "*":
            return True
        if not isinstance(principal, Mapping):
            return False
        return service in _list(principal.get("Service", [])) or "*" in _list(principal.get("AWS", []))

    return named


def _is_account_s(arn: str) -> Callable[[Any], bool]:
    """Named itself, or as everybody of its account, or as everybody at all."""
    account = arn.split(":")[4]
    names = {"*", arn, account, f"arn:{arn.split(':')[1]}:iam::{account}:root"}

    def named(principal: Any) -> bool:
        found = principal.get("AWS", []) if isinstance(principal, Mapping) else principal
        return not names.isdisjoint(_list(found))

    return named


def _condition_met(operator: str, actual: str | None, expected: list[Any], if_unknown: bool) -> bool:
    if operator.endswith("IfExists"):
        return actual is None or _condition_met(operator.removesuffix("IfExists"), actual, expected, if_unknown)
    if operator in _OPPOSITE:
        # A key that is not there is not equal to anything.
        return not _condition_met(_OPPOSITE[operator], actual, expected, if_unknown)
    if operator == "Null":
        return any((actual is None) is (str(e).lower() == "true") for e in expected)
    if actual is None:
        return False
    if operator in ("StringEquals", "ArnEquals"):
        # ArnEquals and ArnLike behave identically, says the IAM user guide.
        return any(actual == str(e) if operator == "StringEquals" else fnmatchcase(actual, str(e)) for e in expected)
    if operator in ("StringLike", "ArnLike"):
        return any(fnmatchcase(actual, str(e)) for e in expected)
    if operator == "Bool":
        return any(actual.lower() == str(e).lower() for e in expected)
    return if_unknown


def _applies(
    statement: Mapping[str, Any],
    named: Callable[[Any], bool] | None,
    action: str,
    resource: str,
    keys: Mapping[str, str],
) -> bool:
    if named is not None and not named(statement.get("Principal")):
        return False
    if not any(fnmatchcase(action.lower(), str(a).lower()) for a in _list(statement.get("Action", []))):
        return False
    if not any(fnmatchcase(resource, str(r)) for r in _list(statement.get("Resource", "*"))):
        return False
    lowered = {key.lower(): value for key, value in keys.items()} | {"aws:securetransport": "true"}
    denies = statement.get("Effect") == "Deny"
    return all(
        _condition_met(operator, lowered.get(key.lower()), _list(expected), denies)
        for operator, block in (statement.get("Condition") or {}).items()
        for key, expected in block.items()
    )


def allows(policy: str | None, service: str, action: str, resource: str, keys: Mapping[str, str]) -> bool:
    """Whether a resource policy lets an AWS service in: some statement allows it and none denies it."""
    return (
        bool(policy) and _decide([json.loads(policy or "{}")], _is_service(service), action, resource, keys) == "Allow"
    )


def decide_for(policy: str | None, arn: str, action: str, resource: str, keys: Mapping[str, str]) -> Decision:
    """What a resource policy says of a role, or of an account by the ARN of its root."""
    return _decide([json.loads(policy)], _is_account_s(arn), action, resource, keys) if policy else None


def identity_allows(policies: list[dict[str, Any]], action: str, resource: str, keys: Mapping[str, str]) -> bool:
    """Whether a principal's own policies allow an action."""
    return _decide(policies, None, action, resource, keys) == "Allow"


def _decide(
    policies: list[dict[str, Any]],
    named: Callable[[Any], bool] | None,
    action: str,
    resource: str,
    keys: Mapping[str, str],
) -> Decision:
    effects = {
        statement.get("Effect")
        for policy in policies
        for statement in _list(policy.get("Statement", []))
        if _applies(statement, named, action, resource, keys)
    }
    return "Deny" if "Deny" in effects else "Allow" if "Allow" in effects else None
