"""Alarms as CloudWatch evaluates them, when asked to; and the metrics that a function writes to its log.

MiniStack 1.5 looks at alarms when a metric is put, takes all points of a metric for one whatever
their dimensions, knows nothing of missing data, and asks neither the topic's policy nor its key. It
has no metrics of SQS, and does not read the embedded metric format.
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html (missing data)
https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html
https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html

`/_lab/alarms?account=&region=&later=` is this lab's own: all alarms are evaluated, as if `later`
seconds had passed in which nothing happened. It answers with the names of those that are on.
"""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import get_account_id, get_region, set_request_account_id, set_request_region
from ministack.services import cloudwatch, cloudwatch_logs, iam, kms, lambda_svc, sns, sqs

from ..gateway.resource_policy import allows
from . import own_calls

_SERVICE = "cloudwatch.amazonaws.com"
_STATISTICS = {"Sum": sum, "Maximum": max, "Minimum": min, "Average": lambda values: sum(values) / len(values)}
_COMPARISONS = {
    "GreaterThanThreshold": lambda value, threshold: value > threshold,
    "GreaterThanOrEqualToThreshold": lambda value, threshold: value >= threshold,
    "LessThanThreshold": lambda value, threshold: value < threshold,
    "LessThanOrEqualToThreshold": lambda value, threshold: value <= threshold,
}
log = logging.getLogger("alarms")


def install() -> None:
    """Read metrics out of functions' logs, and answer the call."""
    emit = lambda_svc._emit_lambda_logs

    def emit_lambda_logs(function: dict[str, Any], request_id: str, text: str, *more: Any, **named: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        arn = f"arn:aws:logs:{get_region()}:{get_account_id()}:log-group:{group}"
        if group not in cloudwatch_logs._log_groups and not _may(config["Role"], "logs:CreateLogGroup", arn):
            return  # what is written is lost, with the metrics in it
        if _may(config["Role"], "logs:PutLogEvents", f"{arn}:log-stream:any"):
            for line in text.splitlines():
                _record(line)
        emit(function, request_id, text, *more, **named)

    lambda_svc._emit_lambda_logs = emit_lambda_logs
    own_calls.answer("alarms", _evaluate)


def _may(role_arn: str, action: str, resource: str) -> bool:
    """Lambda writes the log as the function's role. The emulator asks nobody."""
    name, (region, account) = role_arn.rsplit("/", 1)[-1], resource.split(":")[3:5]
    if iam._roles.get_scoped(account, None, name) is None:
        return False
    wanted = iam_evaluator.EvalContext(role_arn, "AssumedRole", account, action, resource, region)
    return iam_evaluator.evaluate(wanted, iam_evaluator._gather_role_policies(name, account)).decision == "Allow"


def _record(line: str) -> None:
    """The metrics of one line, if it holds any."""
    try:
        found = json.loads(line)
        declared = found["_aws"]["CloudWatchMetrics"]
    except (ValueError, KeyError, TypeError):
        return
    for group in declared:
        for names in group["Dimensions"]:
            dimensions = {name: str(found[name]) for name in names}
            for metric in group["Metrics"]:
                value = found[metric["Name"]]
                cloudwatch.record_metric(group["Namespace"], metric["Name"], value, "Count", dimensions)


def _evaluate(query: dict[str, str]) -> dict[str, Any]:
    set_request_account_id(query["account"])
    set_request_region(query["region"])
    for queue in list(sqs._queues.values()):
        visible = sum(message["visible_at"] <= time.time() for message in queue["messages"])
        dimensions = {"QueueName": queue["name"]}
        cloudwatch.record_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", visible, "Count", dimensions)
    now = time.time()
    alarms = list(cloudwatch._alarms.values())
    for alarm in alarms:
        _move(alarm, _state(alarm, now + float(query.get("later", "0"))))
    return {"on": sorted(alarm["AlarmName"] for alarm in alarms if alarm["StateValue"] == "ALARM")}


def _state(alarm: dict[str, Any], now: float) -> str:
    dimensions = cloudwatch._dims_key({each["Name"]: each["Value"] for each in alarm.get("Dimensions") or []})
    points = cloudwatch._metrics.get((alarm["Namespace"], alarm["MetricName"], dimensions)) or []
    period = int(alarm["Period"])
    breaches = []
    for number in range(int(alarm["EvaluationPeriods"])):
        end = now - number * period
        values = [point["Value"] for point in points if end - period < point["Timestamp"] <= end]
        if values:
            value = _STATISTICS[alarm["Statistic"]](values)
            breaches.append(_COMPARISONS[alarm["ComparisonOperator"]](value, float(alarm["Threshold"])))
        else:
            breaches.append(alarm.get("TreatMissingData") == "breaching")
    return "ALARM" if all(breaches) else "OK"


def _move(alarm: dict[str, Any], state: str) -> None:
    before = alarm["StateValue"]
    if before == state:
        return
    alarm["StateValue"] = state
    reachable = [arn for arn in alarm.get("AlarmActions") or [] if _may_publish(alarm["AlarmArn"], arn)]
    cloudwatch._dispatch_alarm_actions(alarm | {"AlarmActions": reachable}, before, state, "evaluated by the lab")


def _may_publish(alarm_arn: str, topic_arn: str) -> bool:
    """Whether the topic exists, lets the alarm in, and has a key that works and does so too."""
    topic = sns._topics.get(topic_arn)
    if topic is None:
        return False
    keys = {"aws:SourceArn": alarm_arn, "aws:SourceAccount": alarm_arn.split(":")[4]}
    attributes = topic["attributes"]
    if not allows(attributes.get("Policy"), _SERVICE, "sns:Publish", topic_arn, keys):
        log.error("%s may not publish to %s", alarm_arn, topic_arn)
        return False
    key_id = attributes.get("KmsMasterKeyId")
    if not key_id or key_id == "alias/aws/sns":
        return True
    key = kms._resolve_key(key_id)
    return (
        bool(key)
        and key["KeyState"] == "Enabled"
        and allows(key["Policy"], _SERVICE, "kms:GenerateDataKey", key["Arn"], keys)
    )
