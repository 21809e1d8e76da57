"""What an account gets of Trailkeeper, in one form: from a CloudFormation template, or from Terraform's values.

Both are read as they were declared, so that nothing is lost in an emulator.
"""

from __future__ import annotations

import json
import re
from typing import Any

Contents = dict[str, Any]


def _sorted(value: Any) -> Any:
    """A list of one is the same as its one entry, for IAM; the order does not matter either."""
    entries = value if isinstance(value, list) else [value]
    return sorted(entries, key=json.dumps)


def document(text: str | dict[str, Any]) -> list[dict[str, Any]]:
    """The statements of a policy, in one form."""
    statements = (json.loads(text) if isinstance(text, str) else text)["Statement"]
    return sorted((_statement(each) for each in _sorted(statements)), key=lambda each: each["Sid"])


def _statement(given: dict[str, Any]) -> dict[str, Any]:
    made = dict(given)
    for name in ("Action", "Resource"):
        if name in made:
            made[name] = _sorted(made[name])
    made["Condition"] = {
        operator: {key: _sorted(value) for key, value in keys.items()}
        for operator, keys in made.get("Condition", {}).items()
    }
    return made


class Stack:
    """A template in one account and region, its references resolved."""

    def __init__(self, body: str, account: str, region: str) -> None:
        self._template = json.loads(body)
        self._pseudo = {
            "AWS::Partition": "aws",
            "AWS::AccountId": account,
            "AWS::Region": region,
            "AWS::URLSuffix": "amazonaws.com",
        }
        self._here = f"{region}:{account}"
        self._account = account
        conditions = {"Covered", f"Account{account}"}
        self._resources = {n: r for n, r in self._template["Resources"].items() if r["Condition"] in conditions}

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The properties of all resources of a type."""
        return [self._resolve(r["Properties"]) for r in self._resources.values() if r["Type"] == kind]

    def _resolve(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._resolve(each) for each in value]
        if not isinstance(value, dict):
            return value
        match value:
            case {"Ref": str(name)} if len(value) == 1:
                return self._pseudo.get(name) or self._name(name)
            case {"Fn::Sub": str(text)} if len(value) == 1:
                return re.sub(r"\$\{([^}]+)\}", lambda found: self._pseudo[found[1]], text)
            case {"Fn::GetAtt": [name, "Arn"]} if len(value) == 1:
                return self._arn(name)
        assert not any(key.startswith("Fn::") for key in value), f"beyond this: {value}"
        return {key: self._resolve(each) for key, each in value.items()}

    _NAMES = {
        "AWS::IAM::Role": ("RoleName", "arn:aws:iam::{account}:role/{name}"),
        "AWS::Lambda::Function": ("FunctionName", "arn:aws:lambda:{here}:function:{name}"),
        "AWS::SQS::Queue": ("QueueName", "arn:aws:sqs:{here}:{name}"),
        "AWS::DynamoDB::Table": ("TableName", ""),
        "AWS::Logs::LogGroup": ("LogGroupName", ""),
        "AWS::Scheduler::ScheduleGroup": ("Name", ""),
    }

    def _name(self, logical: str) -> str:
        resource = self._resources[logical]
        return self._resolve(resource["Properties"][self._NAMES[resource["Type"]][0]])

    def _arn(self, logical: str) -> str:
        form = self._NAMES[self._resources[logical]["Type"]][1]
        return form.format(account=self._account, here=self._here, name=self._name(logical))

    def contents(self) -> Contents:
        """In the form of this module."""
        (function,) = self.of("AWS::Lambda::Function")
        (retries,) = self.of("AWS::Lambda::EventInvokeConfig")
        (table,) = self.of("AWS::DynamoDB::Table")
        (schedule,) = self.of("AWS::Scheduler::Schedule")
        (logs,) = self.of("AWS::Logs::LogGroup")
        target = schedule["Target"]
        return {
            "roles": {
                role["RoleName"]: {
                    "trust": document(role["AssumeRolePolicyDocument"]),
                    "statements": document(
                        {"Statement": [s for p in role["Policies"] for s in p["PolicyDocument"]["Statement"]]}
                    ),
                    "session_seconds": role.get("MaxSessionDuration", 3600),
                }
                for role in self.of("AWS::IAM::Role")
            },
            "function": {
                "name": function["FunctionName"],
                "role": function["Role"],
                "runs": [function["Runtime"], function["Handler"], *function["Architectures"]],
                "limits": [function["Timeout"], function["MemorySize"]],
                "environment": function["Environment"]["Variables"],
                "log": function["LoggingConfig"],
                "retries": [
                    retries["MaximumRetryAttempts"],
                    retries["MaximumEventAgeInSeconds"],
                    retries["DestinationConfig"]["OnFailure"]["Destination"],
                ],
                "invoked_by": [
                    [each["Action"], each["Principal"], each["SourceArn"]]
                    for each in self.of("AWS::Lambda::Permission")
                ],
            },
            "log_days": logs["RetentionInDays"],
            "rules": {
                rule["Name"]: {
                    "pattern": rule["EventPattern"],
                    "state": rule["State"],
                    "targets": [
                        {
                            "arn": each["Arn"],
                            "role": each.get("RoleArn"),
                            "retries": [
                                each["RetryPolicy"]["MaximumRetryAttempts"],
                                each["RetryPolicy"]["MaximumEventAgeInSeconds"],
                            ],
                            "dead_letters": each["DeadLetterConfig"]["Arn"],
                        }
                        for each in rule["Targets"]
                    ],
                }
                for rule in self.of("AWS::Events::Rule")
            },
            "queues": {
                queue["QueueName"]: [queue["MessageRetentionPeriod"], queue["SqsManagedSseEnabled"]]
                for queue in self.of("AWS::SQS::Queue")
            },
            "queue_policies": sorted(
                (document(each["PolicyDocument"]) for each in self.of("AWS::SQS::QueuePolicy")), key=json.dumps
            ),
            "schedule": {
                "name": [schedule["GroupName"], schedule["Name"]],
                "expression": schedule["ScheduleExpression"],
                "window": schedule["FlexibleTimeWindow"]["Mode"],
                "target": [target["Arn"], target["RoleArn"], target["Input"], target["DeadLetterConfig"]["Arn"]],
                "retries": [
                    target["RetryPolicy"]["MaximumRetryAttempts"],
                    target["RetryPolicy"]["MaximumEventAgeInSeconds"],
                ],
            },
            "table": {
                "name": table["TableName"],
                "billing": table["BillingMode"],
                "key": table["KeySchema"][0]["AttributeName"],
                "expires": table["TimeToLiveSpecification"]["AttributeName"],
                "policy": document(table["ResourcePolicy"]["PolicyDocument"]),
            },
            "alarms": {
                alarm["AlarmName"]: {
                    "metric": [alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]],
                    "dimensions": {each["Name"]: each["Value"] for each in alarm["Dimensions"]},
                    "rings": [alarm["ComparisonOperator"], alarm["Threshold"], alarm["TreatMissingData"]],
                    "periods": [alarm["EvaluationPeriods"], alarm["Period"]],
                    "tells": alarm["AlarmActions"],
                }
                for alarm in self.of("AWS::CloudWatch::Alarm")
            },
        }


class Applied:
    """What Terraform has applied: the planned values of a plan that changes nothing."""

    def __init__(self, plan: dict[str, Any]) -> None:
        self._values: dict[str, list[dict[str, Any]]] = {}
        self._collect(plan["planned_values"]["root_module"])

    def _collect(self, module: dict[str, Any]) -> None:
        for resource in module.get("resources", []):
            self._values.setdefault(resource["type"], []).append(resource["values"])
        for child in module.get("child_modules", []):
            self._collect(child)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The values of all resources of a type."""
        return self._values.get(kind, [])

    def contents(self) -> Contents:
        """In the form of this module."""
        (function,) = self.of("aws_lambda_function")
        (retries,) = self.of("aws_lambda_function_event_invoke_config")
        (table,) = self.of("aws_dynamodb_table")
        (policy,) = self.of("aws_dynamodb_resource_policy")
        (schedule,) = self.of("aws_scheduler_schedule")
        (logs,) = self.of("aws_cloudwatch_log_group")
        (target,) = schedule["target"]
        (logging,) = function["logging_config"]
        return {
            "roles": {
                role["name"]: {
                    "trust": document(role["assume_role_policy"]),
                    "statements": document(
                        {
                            "Statement": [
                                statement
                                for policy in self.of("aws_iam_role_policy")
                                if policy["role"] == role["name"]
                                for statement in json.loads(policy["policy"])["Statement"]
                            ]
                        }
                    ),
                    "session_seconds": role["max_session_duration"],
                }
                for role in self.of("aws_iam_role")
            },
            "function": {
                "name": function["function_name"],
                "role": function["role"],
                "runs": [function["runtime"], function["handler"], *function["architectures"]],
                "limits": [function["timeout"], function["memory_size"]],
                "environment": function["environment"][0]["variables"],
                "log": {
                    "LogFormat": logging["log_format"],
                    "LogGroup": logging["log_group"],
                    "ApplicationLogLevel": logging["application_log_level"],
                    "SystemLogLevel": logging["system_log_level"],
                },
                "retries": [
                    retries["maximum_retry_attempts"],
                    retries["maximum_event_age_in_seconds"],
                    retries["destination_config"][0]["on_failure"][0]["destination"],
                ],
                "invoked_by": [
                    [each["action"], each["principal"], each["source_arn"]] for each in self.of("aws_lambda_permission")
                ],
            },
            "log_days": logs["retention_in_days"],
            "rules": {
                rule["name"]: {
                    "pattern": json.loads(rule["event_pattern"]),
                    "state": rule["state"],
                    "targets": [
                        {
                            "arn": each["arn"],
                            "role": each["role_arn"] or None,
                            "retries": [
                                each["retry_policy"][0]["maximum_retry_attempts"],
                                each["retry_policy"][0]["maximum_event_age_in_seconds"],
                            ],
                            "dead_letters": each["dead_letter_config"][0]["arn"],
                        }
                        for each in self.of("aws_cloudwatch_event_target")
                        if each["rule"] == rule["name"]
                    ],
                }
                for rule in self.of("aws_cloudwatch_event_rule")
            },
            "queues": {
                queue["name"]: [queue["message_retention_seconds"], queue["sqs_managed_sse_enabled"]]
                for queue in self.of("aws_sqs_queue")
            },
            "queue_policies": sorted(
                (document(each["policy"]) for each in self.of("aws_sqs_queue_policy")), key=json.dumps
            ),
            "schedule": {
                "name": [schedule["group_name"], schedule["name"]],
                "expression": schedule["schedule_expression"],
                "window": schedule["flexible_time_window"][0]["mode"],
                "target": [
                    target["arn"],
                    target["role_arn"],
                    target["input"],
                    target["dead_letter_config"][0]["arn"],
                ],
                "retries": [
                    target["retry_policy"][0]["maximum_retry_attempts"],
                    target["retry_policy"][0]["maximum_event_age_in_seconds"],
                ],
            },
            "table": {
                "name": table["name"],
                "billing": table["billing_mode"],
                "key": table["hash_key"],
                "expires": table["ttl"][0]["attribute_name"],
                "policy": document(policy["policy"]),
            },
            "alarms": {
                alarm["alarm_name"]: {
                    "metric": [alarm["namespace"], alarm["metric_name"], alarm["statistic"]],
                    "dimensions": alarm["dimensions"],
                    "rings": [alarm["comparison_operator"], alarm["threshold"], alarm["treat_missing_data"]],
                    "periods": [alarm["evaluation_periods"], alarm["period"]],
                    "tells": alarm["alarm_actions"],
                }
                for alarm in self.of("aws_cloudwatch_metric_alarm")
            },
        }
