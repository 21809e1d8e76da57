"""What a call is authorized on, where the emulator looks elsewhere or not at all.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_cloudtrail.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsqs.html
https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html
"""

from __future__ import annotations

import json
import re
from typing import Any

from ministack.core import iam_actions, iam_evaluator, responses
from ministack.core.router import extract_access_key_id, extract_region
from ministack.services import cloudtrail, kms

_SERVICE = "cloudtrail.amazonaws.com"
# MiniStack 1.5 asks for the call's own name. These are allowed with the permission for one message.
_BATCHES = {
    f"{action}Batch": action
    for action in ("sqs:SendMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility", "sns:Publish")
}
# MiniStack 1.5 asks for what is asked for another part of a function, or another method.
_OF_FUNCTIONS = {
    ("GET", "concurrency"): "lambda:GetFunctionConcurrency",
    ("DELETE", "concurrency"): "lambda:DeleteFunctionConcurrency",
    ("GET", "event-invoke-config"): "lambda:GetFunctionEventInvokeConfig",
    ("PUT", "event-invoke-config"): "lambda:PutFunctionEventInvokeConfig",
    ("POST", "event-invoke-config"): "lambda:UpdateFunctionEventInvokeConfig",
    ("DELETE", "event-invoke-config"): "lambda:DeleteFunctionEventInvokeConfig",
}


def install() -> None:
    """Extend the emulator's search for a call's action and resource, and CloudTrail's handler."""
    find, handle, name = iam_actions.extract_resource_arn, cloudtrail.handle_request, iam_actions.extract_iam_action
    tags = iam_actions.request_tag_context

    def action(service: str, method: str, path: str, *arguments: Any) -> str | None:
        found = name(service, method, path, *arguments)
        if service == "lambda":
            return _OF_FUNCTIONS.get((method, path.rstrip("/").rsplit("/", 1)[-1]), found)
        return _BATCHES.get(found or "", found)

    def resource_arn(service: str, *arguments: Any) -> str:
        found = find(service, *arguments)
        if service == "cloudtrail":
            return _tagged_resource(arguments[3]) or found
        if own := _resource(service, *arguments):
            return own
        return _key_behind(found) if service == "kms" and ":alias/" in found else found

    async def handle_request(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> tuple:
        return _refusal(headers, body, query_params) or await handle(method, path, headers, body, query_params)

    def context(service: str, called: str, body: bytes, params: dict) -> dict:
        """MiniStack 1.5 does not tell the boundary that a user or role is to get."""
        found = tags(service, called, body, params)
        given = _first(params.get("PermissionsBoundary"))
        return found | {"iam:PermissionsBoundary": given} if service == "iam" and given else found

    iam_actions.request_tag_context = context
    iam_actions.extract_iam_action = action
    iam_actions.extract_resource_arn = resource_arn
    cloudtrail.handle_request = handle_request


def _given(body: bytes) -> dict[str, Any]:
    try:
        given = json.loads(body or b"{}")
    except ValueError:
        return {}
    return given if isinstance(given, dict) else {}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list) and value else value


def _resource(service: str, _method: str, path: str, _headers: dict, body: bytes, params: dict, *where: str) -> str:
    """What MiniStack 1.5 takes for `*`, as a target's rule, or, for a rule of the default bus, names with its bus."""
    region, account = where
    given = _given(body)
    if service == "events":
        bus = str(given.get("EventBusName") or "default").rsplit("/", 1)[-1]
        rule = given.get("Rule") or (given.get("Name") if bus == "default" else None)
        where = "" if bus == "default" else f"{bus}/"
        return f"arn:aws:events:{region}:{account}:rule/{where}{rule}" if rule and "/" not in rule else ""
    if service == "scheduler" and (found := re.fullmatch(r"/schedules/([^/]+)", path)):
        group = _first(params.get("groupName")) or given.get("GroupName") or "default"
        return f"arn:aws:scheduler:{region}:{account}:schedule/{group}/{found[1]}"
    if service == "dynamodb":
        named = given.get("ResourceArn")
        return named if isinstance(named, str) else ""
    if service == "kms" and str(given.get("AliasName", "")).startswith("alias/"):
        return f"arn:aws:kms:{region}:{account}:{given['AliasName']}"
    if service == "monitoring":
        alarm = _alarm(given, params)
        if alarm:
            return f"arn:aws:cloudwatch:{region}:{account}:alarm:{alarm}"
        return f"arn:aws:cloudwatch:{region}:{account}:alarm:*" if "AlarmNamePrefix" in given else ""
    # What AWS names in its refusals, whatever the prefix is.
    if service == "logs" and "logGroupNamePrefix" in given:
        return f"arn:aws:logs:{region}:{account}:log-group::log-stream:"
    if service == "ssm" and str(given.get("Path", "")).startswith("/"):
        return f"arn:aws:ssm:{region}:{account}:parameter{given['Path']}"
    return ""


def _alarm(given: dict[str, Any], params: dict) -> str:
    """The alarm of a call that changes alarms, the first of several: as JSON, or in a form."""
    named = given.get("AlarmName") or _first(given.get("AlarmNames"))
    return str(named or _first(params.get("AlarmName")) or _first(params.get("AlarmNames.member.1")) or "")


def _tagged_resource(body: bytes) -> str | None:
    """AddTags, RemoveTags and ListTags name their resource so; MiniStack 1.5 asks for `*` then."""
    given = _given(body)
    named = given.get("ResourceId") or next(iter(given.get("ResourceIdList") or []), None)
    return named if isinstance(named, str) else None


def _key_behind(alias: str) -> str:
    """Who names a key by its alias needs the permission for the key; MiniStack 1.5 asks for one for the alias."""
    key = kms._resolve_key(alias.split(":", 5)[5])
    return key["Arn"] if key else alias


def _refusal(headers: dict, body: bytes, query_params: dict) -> tuple | None:
    """A trail made with tags needs cloudtrail:AddTags, one with a log group iam:PassRole for its role.

    MiniStack 1.5 asks for the call's own action only.
    """
    from ministack.app import AUTH  # the application loads the services

    operation = headers.get("x-amz-target", "").rsplit(".", 1)[-1]
    if not AUTH or operation not in ("CreateTrail", "UpdateTrail"):
        return None
    given, key, region = _given(body), extract_access_key_id(headers, query_params), extract_region(headers)
    wanted: list[tuple[str, str, dict[str, Any]]] = []
    if operation == "CreateTrail" and given.get("TagsList"):
        wanted.append(("cloudtrail:AddTags", cloudtrail._trail_arn(given.get("Name", "")), {}))
    if role := given.get("CloudWatchLogsRoleArn"):
        wanted.append(("iam:PassRole", role, {"iam:PassedToService": _SERVICE}))
    for action, resource, context in wanted:
        denied = iam_evaluator.enforce(
            key, action, "cloudtrail", region, resource_arn=resource, service_context=context
        )
        if isinstance(denied, iam_evaluator.EvalResult):
            return iam_actions.access_denied_response(
                "cloudtrail", action, denied.principal_arn, responses.new_uuid(), headers=headers, resource_arn=resource
            )
    return None
