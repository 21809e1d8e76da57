"""The guarded account: how it is set up, its names, and each of its parts as anybody can read it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from e2e.guarded import Guarded
from e2e.trail_state import read_state
from lab.actors import EVERYTHING, create_user
from lab.aws import Aws
from lab.session import Lab

Parts = dict[str, Any]
# The administrator who attacks.
INTRUDER = "intruder"
# What answers tell of a moment or of the call, and not of the thing.
_PASSING = {
    "ResponseMetadata",
    "LastModified",
    "LastModifiedDate",
    "RevisionId",
    "LastUpdateStatus",
    "LastUpdateStatusReason",
    "LastUpdateStatusReasonCode",
    "State",
    "StateReason",
    "StateReasonCode",
    "CreationDate",
    "LastModificationDate",
    "StateUpdatedTimestamp",
    "AlarmConfigurationUpdatedTimestamp",
    "StateTransitionedTimestamp",
    "StateValue",
    "StateReasonData",
    "RoleLastUsed",
    "RoleId",
    "SubscriptionArn",
    "KeyLastUsed",
    "storedBytes",
}


@dataclass
class Names:
    """What the deployed things are called."""

    trail: str
    trail_arn: str
    bucket: str
    key: str
    key_alias: str
    rule: str
    target: dict[str, Any]
    schedule: str
    schedule_group: str
    function: str
    function_arn: str
    permission: str
    role: str
    role_policy: str
    sweep_role: str
    sweep_role_policy: str
    topic: str
    topic_key: str
    subscription: str
    understudy: str
    understudy_role: str
    understudy_role_policy: str
    understudy_schedule: str
    understudy_schedule_group: str
    alarms: list[str]
    heartbeat: str
    understudy_heartbeat: str
    queue: str
    log_group: str
    parameter: str
    table: str
    table_arn: str


@dataclass
class Spares:
    """What the attacker has made beforehand: calls that make something are no attack."""

    bucket: str
    key: str
    role_arn: str
    policy_arn: str
    queue_arn: str


class Account:
    """A guarded account, an administrator in it who attacks, and a reader whom nothing is refused."""

    def __init__(self, lab: Lab, guarded: Guarded) -> None:
        self.lab, self.guarded = lab, guarded
        self.intruder = lab.root.as_(create_user(lab.root, INTRUDER, EVERYTHING))
        self._clients: dict[str, Any] = {}
        self.names = self._names()
        self.spares = _make_spares(self.intruder, lab.account, lab.region)
        self._readers = self._all_readers()

    def root(self, service: str) -> Any:
        """A client to whom no policy of the account applies."""
        if service not in self._clients:
            self._clients[service] = self.lab.root.client(service)
        return self._clients[service]

    def read(self, parts: Iterable[str] | None = None) -> Parts:
        """These parts of the account, or all."""
        return {name: self._readers[name]() for name in (parts or self._readers)}

    def _names(self) -> Names:
        outputs, region, account = self.lab.outputs, self.lab.region, self.lab.account
        role, topic = outputs["responder_role_name"], outputs["alerts_topic_arn"]
        trail = self.root("cloudtrail").describe_trails()["trailList"][0]
        function = self.root("lambda").get_function(FunctionName=outputs["responder_function_name"])["Configuration"]
        policy = json.loads(self.root("lambda").get_policy(FunctionName=function["FunctionName"])["Policy"])
        subscriptions = self.root("sns").list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
        keys = {alias["AliasName"]: alias for alias in self.root("kms").list_aliases()["Aliases"]}
        schedules = {found["Name"]: found for found in self.root("scheduler").list_schedules()["Schedules"]}
        schedule = schedules[outputs["schedule_name"]]
        understudy_schedule = schedules[outputs["understudy_schedule_name"]]
        sweep_role = schedule["Name"]
        return Names(
            trail=trail["Name"],
            trail_arn=trail["TrailARN"],
            bucket=trail["S3BucketName"],
            key=trail["KmsKeyId"],
            key_alias=next(name for name, found in keys.items() if found.get("TargetKeyId", "-") in trail["KmsKeyId"]),
            rule=outputs["event_rule_name"],
            target=self.root("events").list_targets_by_rule(Rule=outputs["event_rule_name"])["Targets"][0],
            schedule=schedule["Name"],
            schedule_group=schedule["GroupName"],
            function=function["FunctionName"],
            function_arn=function["FunctionArn"],
            permission=next(
                s["Sid"] for s in policy["Statement"] if json.dumps(s).count(f"/{outputs['event_rule_name']}")
            ),
            role=role,
            role_policy=outputs["responder_role_policy_name"],
            sweep_role=sweep_role,
            sweep_role_policy=self._only_policy(sweep_role),
            topic=topic,
            topic_key=next(alias["TargetKeyId"] for name, alias in keys.items() if name.endswith("-alerts")),
            subscription=subscriptions[0]["SubscriptionArn"],
            understudy=outputs["understudy_function_name"],
            understudy_role=outputs["understudy_role_name"],
            understudy_role_policy=self._only_policy(outputs["understudy_role_name"]),
            understudy_schedule=understudy_schedule["Name"],
            understudy_schedule_group=understudy_schedule["GroupName"],
            alarms=sorted(outputs["alarm_names"].values()),
            heartbeat=outputs["alarm_names"]["heartbeat"],
            understudy_heartbeat=outputs["alarm_names"]["understudy_heartbeat"],
            queue=outputs["dead_letter_queue_url"],
            log_group=outputs["responder_log_group_name"],
            parameter=self.guarded.parameter_name(),
            table=outputs["incidents_table_name"],
            table_arn=f"arn:aws:dynamodb:{region}:{account}:table/{outputs['incidents_table_name']}",
        )

    def _only_policy(self, role: str) -> str:
        (name,) = self.root("iam").list_role_policies(RoleName=role)["PolicyNames"]
        return name

    def _all_readers(self) -> dict[str, Callable[[], Any]]:
        names = self.names
        readers: dict[str, Callable[[], Any]] = {
            "trail": lambda: read_state(self.root("cloudtrail"), names.trail_arn),
            "key": lambda: self._ask("kms", "describe_key", KeyId=names.key),
            "key policy": lambda: self._ask("kms", "get_key_policy", KeyId=names.key, PolicyName="default"),
            "key rotation": lambda: self._ask("kms", "get_key_rotation_status", KeyId=names.key),
            "key alias": lambda: self._ask("kms", "describe_key", KeyId=names.key_alias),
            "rule": lambda: self._ask("events", "describe_rule", Name=names.rule, kept=("State",)),
            "targets": lambda: self._ask("events", "list_targets_by_rule", Rule=names.rule),
            "schedule": lambda: self._schedule(names.schedule, names.schedule_group),
            "understudy's schedule": lambda: self._schedule(names.understudy_schedule, names.understudy_schedule_group),
            "permission": lambda: self._ask("lambda", "get_policy", FunctionName=names.function),
            "retries": lambda: self._ask("lambda", "get_function_event_invoke_config", FunctionName=names.function),
            "topic": lambda: self._topic(),
            "topic key": lambda: self._ask("kms", "describe_key", KeyId=names.topic_key),
            "subscriptions": lambda: self._subscriptions(),
            "alarms": lambda: self._ask("cloudwatch", "describe_alarms", AlarmNames=names.alarms),
            "queue": lambda: self._queue(),
            "log group": lambda: self._ask("logs", "describe_log_groups", logGroupNamePrefix=names.log_group),
            "baseline": lambda: self._ask("ssm", "get_parameter", Name=names.parameter),
            "table": lambda: self._table(),
            "table policy": lambda: self._ask("dynamodb", "get_resource_policy", ResourceArn=names.table_arn),
        }
        for prefix, function in {"": names.function, "understudy's ": names.understudy}.items():
            for part, call in {
                "function": "get_function_configuration",
                "concurrency": "get_function_concurrency",
            }.items():
                readers[prefix + part] = self._of("lambda", call, FunctionName=function)
        for part, call in {
            "bucket": "head_bucket",
            "bucket policy": "get_bucket_policy",
            "bucket public access": "get_public_access_block",
            "bucket versioning": "get_bucket_versioning",
            "bucket lifecycle": "get_bucket_lifecycle_configuration",
            "bucket encryption": "get_bucket_encryption",
            "bucket notification": "get_bucket_notification_configuration",
            "bucket ownership": "get_bucket_ownership_controls",
            "bucket object lock": "get_object_lock_configuration",
            "bucket replication": "get_bucket_replication",
            "bucket request payment": "get_bucket_request_payment",
        }.items():
            readers[part] = self._of("s3", call, Bucket=names.bucket)
        roles = {"role": names.role, "sweep's role": names.sweep_role, "understudy's role": names.understudy_role}
        for part, role in roles.items():
            readers[part] = self._reader_of_role(role)
        return readers

    def _of(self, service: str, call: str, **given: Any) -> Callable[[], Any]:
        return lambda: self._ask(service, call, **given)

    def _reader_of_role(self, name: str) -> Callable[[], Any]:
        return lambda: {
            "role": self._ask("iam", "get_role", RoleName=name),
            "attached": self._ask("iam", "list_attached_role_policies", RoleName=name),
            "inline": [
                self._ask("iam", "get_role_policy", RoleName=name, PolicyName=policy)
                for policy in self._ask("iam", "list_role_policies", RoleName=name).get("PolicyNames", [])
            ],
        }

    def _schedule(self, name: str, group: str) -> Any:
        return self._ask("scheduler", "get_schedule", Name=name, GroupName=group, kept=("State",))

    def _topic(self) -> Any:
        found = self._ask("sns", "get_topic_attributes", TopicArn=self.names.topic)
        settings = found.get("Attributes", {})
        return {name: settings.get(name) for name in ("Policy", "KmsMasterKeyId")} if settings else found

    def _subscriptions(self) -> Any:
        found = self._ask("sns", "list_subscriptions_by_topic", TopicArn=self.names.topic, kept=("SubscriptionArn",))
        return [
            self._ask("sns", "get_subscription_attributes", SubscriptionArn=each["SubscriptionArn"])
            for each in found.get("Subscriptions", [])
        ] or found

    def _queue(self) -> Any:
        found = self._ask("sqs", "get_queue_attributes", QueueUrl=self.names.queue, AttributeNames=["All"])
        settings = found.get("Attributes")
        wanted = ("Policy", "MessageRetentionPeriod", "SqsManagedSseEnabled", "VisibilityTimeout")
        return {name: settings.get(name) for name in wanted} if settings else found

    def _table(self) -> Any:
        """It is there; and what lies in it that the function has not put there."""
        found = self._ask("dynamodb", "scan", TableName=self.names.table)
        return [item for item in found["Items"] if "poison" in item["id"]["S"]] if "Items" in found else found

    def _ask(self, service: str, call: str, *, kept: tuple[str, ...] = (), **given: Any) -> Any:
        """The answer without what passes, or the code of the error."""
        try:
            return _lasting(getattr(self.root(service), call)(**given), _PASSING - set(kept))
        except ClientError as error:
            return {"error": error.response["Error"]["Code"]}


def _lasting(value: Any, passing: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: _lasting(item, passing) for name, item in value.items() if name not in passing}
    return [_lasting(item, passing) for item in value] if isinstance(value, list) else value


def remove_spares(aws: Aws, spares: Spares) -> None:
    """As if they had never been made."""
    aws.client("s3").delete_bucket(Bucket=spares.bucket)
    iam, sqs = aws.client("iam"), aws.client("sqs")
    iam.delete_role(RoleName=spares.role_arn.rsplit("/", 1)[-1])
    iam.delete_policy(PolicyArn=spares.policy_arn)
    sqs.delete_queue(QueueUrl=sqs.get_queue_url(QueueName=spares.queue_arn.rsplit(":", 1)[-1])["QueueUrl"])
    aws.client("kms").schedule_key_deletion(KeyId=spares.key, PendingWindowInDays=7)


def _make_spares(aws: Aws, account: str, region: str) -> Spares:
    bucket, s3, iam = f"intruders-{account}", aws.client("s3"), aws.client("iam")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        ],
    }
    nothing = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*", "Resource": "*"}]}
    role = iam.create_role(RoleName="powerless", AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = iam.create_policy(PolicyName="nothing", PolicyDocument=json.dumps(nothing))["Policy"]
    sqs = aws.client("sqs")
    url = sqs.create_queue(QueueName="attackers")["QueueUrl"]
    queue = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    return Spares(bucket, aws.client("kms").create_key()["KeyMetadata"]["Arn"], role["Arn"], policy["Arn"], queue)
