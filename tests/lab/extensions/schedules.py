"""EventBridge Scheduler acts as the schedule's role, and invokes a function asynchronously.

MiniStack 1.5 asks no role, and runs the function once, without retries or destination. What
could not be delivered is counted as Scheduler counts it.
https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html (execution role)
https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-targets-templated.html (Lambda Invoke)
https://docs.aws.amazon.com/scheduler/latest/UserGuide/monitoring-cloudwatch.html (TargetErrorCount)

`/_lab/schedules?account=&elapsed=` is this lab's own: the time of every schedule has come that is
to run each `elapsed` seconds or more often.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import cloudwatch, eventbridge, iam, lambda_svc, scheduler

from ..gateway.resource_policy import allows
from . import own_calls

_SERVICE = "scheduler.amazonaws.com"
log = logging.getLogger("scheduler")


def install() -> None:
    """Extend how a schedule's target is reached. Targets of rules stay as they are."""
    invoke = eventbridge._invoke_target

    def invoke_target(target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None) -> None:
        if event.get("Source") != "aws.scheduler" or ":lambda:" not in target["Arn"]:
            invoke(target, event, rule, view)
        elif problem := refusal(target, rule) or _invoke_function(target["Arn"], target.get("Input") or "{}"):
            log.error("schedule %s did not invoke %s: %s", rule["Arn"], target["Arn"], problem)
            dimensions = {"ScheduleGroup": rule["GroupName"]}
            cloudwatch.record_metric("AWS/Scheduler", "TargetErrorCount", 1, "Count", dimensions)

    eventbridge._invoke_target = invoke_target
    own_calls.answer("schedules", _let_time_pass)


def _let_time_pass(query: dict[str, str]) -> dict[str, Any]:
    last = time.time() - float(query["elapsed"])
    for key in list(scheduler._schedules._data):
        if key[0] == query["account"]:
            scheduler._schedule_last_fired[key] = last
    scheduler._tick_schedules()
    return {}


def refusal(target: dict[str, Any], schedule: dict[str, Any]) -> str | None:
    """Why the schedule may not invoke its function, if so."""
    region, account = schedule["Arn"].split(":")[3:5]
    role_name = target["RoleArn"].rsplit("/", 1)[-1]
    role = iam._roles.get_scoped(account, None, role_name)
    if role is None:
        return f"there is no role {target['RoleArn']}"
    group = f"arn:aws:scheduler:{region}:{account}:schedule-group/{schedule['GroupName']}"
    keys = {"aws:SourceArn": group, "aws:SourceAccount": account}
    if not allows(role["AssumeRolePolicyDocument"], _SERVICE, "sts:AssumeRole", target["RoleArn"], keys):
        return f"{target['RoleArn']} does not trust {_SERVICE} for {group}"
    wanted = iam_evaluator.EvalContext(
        target["RoleArn"], "AssumedRole", account, "lambda:InvokeFunction", target["Arn"], region
    )
    decided = iam_evaluator.evaluate(wanted, iam_evaluator._gather_role_policies(role_name, account))
    return None if decided.decision == "Allow" else f"{target['RoleArn']} may not invoke {target['Arn']}"


def _invoke_function(arn: str, payload: str) -> str | None:
    """Why it was not invoked, if so."""
    function, config, name = lambda_svc._get_func_record_for_ref(arn)
    if not function or not config:
        return f"there is no function {name}"
    lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), json.loads(payload))
    return None
