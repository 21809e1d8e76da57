"""Whether a policy allows an action, where the emulator does not ask itself.

Small on purpose: in an Allow an unknown condition operator counts as not met, in a
Deny as met, so that a policy this file does not understand denies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _principal_is(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    if not isinstance(principal, Mapping):
        return False
    return service in _list(principal.get("Service", [])) or "*" in _list(principal.get("AWS", []))


def _condition_met(operator: str, actual: str | None, expected: list[Any], if_unknown: bool) -> bool:
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
    statement: Mapping[str, Any], service: str | None, action: str, resource: str, keys: Mapping[str, str]
) -> bool:
    if service is not None and not _principal_is(statement.get("Principal"), service):
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
    return bool(policy) and _decide([json.loads(policy or "{}")], service, action, resource, keys)


def identity_allows(policies: list[dict[str, Any]], action: str, resource: str, keys: Mapping[str, str]) -> bool:
    """Whether a principal's own policies allow an action."""
    return _decide(policies, None, action, resource, keys)


def _decide(
    policies: list[dict[str, Any]], service: str | None, action: str, resource: str, keys: Mapping[str, str]
) -> bool:
    effects = {
        statement.get("Effect")
        for policy in policies
        for statement in _list(policy.get("Statement", []))
        if _applies(statement, service, action, resource, keys)
    }
    return "Allow" in effects and "Deny" not in effects
