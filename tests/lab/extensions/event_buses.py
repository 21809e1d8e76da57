"""The resource policies of event buses, and PutEvents on a bus of another account.

MiniStack 1.5 drops the document that PutPermission is given as Policy and allows everybody
instead, drops the form of Principal and Condition, and asks no bus policy for PutEvents.
Here an allowed event of another account is still not delivered to the bus: the gateway
forwards what rules send there (gateway/delivery.py).
https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json, get_account_id, get_region
from ministack.services import eventbridge

_POLICY_LOOKUP = "policy_of_bus_in_lab"


def install() -> None:
    """Extend PutPermission and PutEvents, and let IAM ask a bus's policy."""
    put_permission, put_events = eventbridge._put_permission, eventbridge._put_events

    def permission(given: dict[str, Any]) -> tuple:
        return _put_permission(given, put_permission)

    def events(given: dict[str, Any], allow_aws_source: bool = False) -> tuple:
        """An aws.* source is refused before anybody asks for the bus."""
        entries = given.get("Entries") or []
        sources = [str(entry.get("Source", "")) for entry in entries if isinstance(entry, dict)]
        if not allow_aws_source and any(source.startswith("aws.") for source in sources):
            given = {**given, "Entries": [_on_own_bus(entry) for entry in entries]}
        return put_events(given, allow_aws_source)

    eventbridge._put_permission = permission
    eventbridge._put_events = events
    setattr(eventbridge, _POLICY_LOOKUP, policy_of)
    iam_evaluator._RESOURCE_POLICY_LOOKUPS["events"] = ("eventbridge", _POLICY_LOOKUP)


def _on_own_bus(entry: dict[str, Any]) -> dict[str, Any]:
    refused = str(entry.get("Source", "")).startswith("aws.")
    return {**entry, "EventBusName": "default"} if refused else entry


def policy_of(arn: str) -> tuple[str, str] | None:
    """The policy of a bus and the account that owns it; None for what is no bus."""
    parts = arn.split(":", 5)
    if len(parts) < 6 or not parts[5].startswith("event-bus/"):
        return None
    region, account, name = parts[3], parts[4], parts[5].split("/", 1)[1]
    policy = eventbridge._event_bus_policies.get_scoped(account, region, name)
    return (json.dumps(policy) if policy else "", account)


def _put_permission(given: dict[str, Any], put: Any) -> tuple:
    bus = str(given.get("EventBusName") or "default").rsplit("/", 1)[-1]
    if bus not in eventbridge._event_buses and bus != "default":
        return error_response_json("ResourceNotFoundException", f"Event bus {bus} does not exist.", 400)
    if given.get("Policy"):
        return _put_document(bus, str(given["Policy"]))
    given = {**given, "EventBusName": bus}
    principal = str(given.get("Principal", "*"))
    if principal.isdigit():
        given["Principal"] = {"AWS": f"arn:aws:iam::{principal}:root"}
    condition = given.get("Condition")
    if condition:
        given["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return put(given)


def _put_document(bus: str, text: str) -> tuple:
    """The whole policy is replaced. Every statement is about this very bus or its rules."""
    try:
        policy = json.loads(text)
        statements = policy["Statement"] if isinstance(policy["Statement"], list) else [policy["Statement"]]
        resources = [resource for statement in statements for resource in _list(statement["Resource"])]
    except (ValueError, KeyError, TypeError):
        return error_response_json("ValidationException", "The policy is not valid.", 400)
    own = f"arn:aws:events:{get_region()}:{get_account_id()}:"
    if not all(resource == f"{own}event-bus/{bus}" or resource.startswith(f"{own}rule/") for resource in resources):
        return error_response_json("ValidationException", f"A resource of the policy is not the event bus {bus}.", 400)
    eventbridge._event_bus_policies[bus] = policy
    return eventbridge.json_response({})


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
