"""AssumeRole across accounts, and the condition keys of organisations, as AWS has them.

https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qsl

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id
from ministack.core.router import extract_access_key_id
from ministack.services import iam, sts

from .organizations import organization_of

_SESSION = re.compile(r"^arn:([a-z-]+):sts::(\d{12}):assumed-role/([^/]+)/")
_SHORTEST, _LONGEST, _LONGEST_CHAINED = 900, 43_200, 3_600


def install() -> None:
    """Extend IAM's condition keys and the checks of AssumeRole."""
    resolve, handle = iam_evaluator._resolve_condition_key, sts.handle_request

    def condition_key(key: str, context: Any) -> Any:
        """MiniStack 1.5 knows no aws:ResourceOrgID, and takes a session's own ARN for aws:PrincipalArn."""
        wanted = key.lower()
        if wanted == "aws:resourceorgid":
            owner = iam_evaluator._account_from_arn(context.resource_arn) or context.principal_account
            return organization_of(owner)
        if wanted == "aws:principalarn":
            return role_of(context.principal_arn)
        return resolve(key, context)

    async def handle_request(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> tuple:
        given = dict(query_params) | dict(parse_qsl((body or b"").decode("utf-8", "replace")))
        return _refusal(headers, given) or await handle(method, path, headers, body, query_params)

    iam_evaluator._resolve_condition_key = condition_key
    sts.handle_request = handle_request


def role_of(arn: str) -> str:
    """The role of a session's ARN; any other ARN as it is."""
    found = _SESSION.match(arn or "")
    if not found:
        return arn
    partition, account, name = found.groups()
    role = iam._roles.get_scoped(account, None, name) or {}
    return role.get("Arn") or f"arn:{partition}:iam::{account}:role/{name}"


def _refusal(headers: dict, given: dict[str, Any]) -> tuple | None:
    """MiniStack 1.5 lets the root user assume roles, and a session last as long as it likes."""
    from ministack.app import AUTH  # the application loads the services

    if not AUTH or given.get("Action") != "AssumeRole":
        return None
    key = extract_access_key_id(headers, given) or ""
    caller = iam_evaluator.resolve_credential(key, get_account_id())
    if isinstance(caller, iam_evaluator.CredentialResolutionError):
        return None  # the emulator's own check refuses it
    if caller.principal_type == "Root":
        return sts._error(403, "AccessDenied", "Roles may not be assumed by root accounts.", ns="sts")
    seconds = str(given.get("DurationSeconds") or 3600)
    if not seconds.isdigit() or not _SHORTEST <= int(seconds) <= _LONGEST:
        return _invalid(f"DurationSeconds must be {_SHORTEST} to {_LONGEST}, and is {seconds}")
    if caller.principal_type == "AssumedRole" and int(seconds) > _LONGEST_CHAINED:
        return _invalid(
            "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining"
        )
    arn = str(given.get("RoleArn", ""))
    role = iam._roles.get_scoped(arn.split(":")[4], None, arn.rsplit("/", 1)[-1]) if arn.count(":") == 5 else None
    if role and int(seconds) > int(role.get("MaxSessionDuration") or 3600):
        return _invalid("The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    return None


def _invalid(message: str) -> tuple:
    return sts._error(400, "ValidationError", message, ns="sts")
