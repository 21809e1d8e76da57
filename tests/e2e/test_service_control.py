"""Whom the service control policy keeps off what: the module's document, as moto gives it back, is evaluated.

moto enforces no policy, so service_control.py decides. That the examples attach it: test_organization_moto.py.
"""

from __future__ import annotations

import io
import json
from typing import Any

import pytest

from e2e.organization_moto import REGION, moto_organization
from e2e.service_control import denies
from lab.environment import isolate
from lab.paths import INFRA
from lab.progress import Progress
from lab.terraform import Terraform

GLOBAL = "us-east-1"
MEMBER, HUB = "111122223333", "999988887777"
OPERATOR = "arn:aws:iam::*:role/deploy"
HERE = f"{REGION}:{MEMBER}"

ADMINISTRATOR, ROOT = f"arn:aws:iam::{MEMBER}:role/Administrator", f"arn:aws:iam::{MEMBER}:root"
DEPLOY = f"arn:aws:iam::{MEMBER}:role/deploy"
STACKS = f"arn:aws:iam::{MEMBER}:role/stacksets-exec-0123456789abcdef"
REMEDIATION = f"arn:aws:iam::{MEMBER}:role/trailkeeper-remediation"
RESPONDER = f"arn:aws:iam::{MEMBER}:role/trailkeeper-responder"
HUBS_RESPONDER = f"arn:aws:iam::{HUB}:role/trailkeeper-responder"
SWEEP = f"arn:aws:iam::{MEMBER}:role/trailkeeper-sweep"
UNDERSTUDY, UNDERSTUDY_SWEEP = f"{RESPONDER}-understudy", f"{SWEEP}-understudy"
TRAIL = f"arn:aws:cloudtrail:{HERE}:trail/audit"
HUBS_TRAIL = f"arn:aws:cloudtrail:{REGION}:{HUB}:trail/audit"
FUNCTION = f"arn:aws:lambda:{HERE}:function:trailkeeper-responder"
DEAD_LETTERS = f"arn:aws:sqs:{HERE}:trailkeeper-dead-letters"
FORWARDING_QUEUE = f"arn:aws:sqs:{HERE}:trailkeeper-forwarding-dead-letters"
SWEEP_QUEUE = f"arn:aws:sqs:{REGION}:{HUB}:trailkeeper-sweep-accounts"
BOUNDARY = f"arn:aws:iam::{MEMBER}:policy/trailkeeper-pipeline-workload-boundary"
TABLE = f"arn:aws:dynamodb:{HERE}:table/trailkeeper-incidents"
ALARM = f"arn:aws:cloudwatch:{HERE}:alarm:trailkeeper-responder-errors"
TOPIC, CHAT_TOPIC = (f"arn:aws:sns:{HERE}:trailkeeper-{name}" for name in ("alerts", "chat"))
ORGANIZATION_TRAIL = f"arn:aws:cloudtrail:{REGION}:222233334444:trail/organization-trail"
BUCKET = f"arn:aws:s3:::audit-logs-{MEMBER}"
KEY = f"arn:aws:kms:{HERE}:key/0f0e0d0c-0b0a-0908-0706-050403020100"
LOG_GROUP = f"arn:aws:logs:{HERE}:log-group:audit"
ACCOUNT = f"arn:aws:account::{MEMBER}:account"

# The members of each policy: with the hub's role from outside only, or with responders of their own.
VARIANTS: dict[str, dict[str, Any]] = {
    "remediated": {},
    "hub_bound": {"hub_account_id": HUB},
    "responding": {"member_responders": True},
}

DENIED = [
    ("cloudtrail:StopLogging", TRAIL),
    ("cloudtrail:DeleteTrail", TRAIL),
    ("cloudtrail:UpdateTrail", TRAIL),
    ("cloudtrail:PutEventConfiguration", TRAIL),
    ("cloudtrail:PutEventSelectors", TRAIL),
    ("cloudtrail:PutInsightSelectors", TRAIL),
    ("cloudtrail:RemoveTags", TRAIL),
    ("iam:DeleteRole", REMEDIATION),
    ("iam:PutRolePolicy", REMEDIATION),
    ("iam:DeleteRolePolicy", REMEDIATION),
    ("iam:AttachRolePolicy", REMEDIATION),
    ("iam:UpdateAssumeRolePolicy", REMEDIATION),
    ("iam:PutRolePermissionsBoundary", REMEDIATION),
    ("iam:DeleteRole", f"arn:aws:iam::{MEMBER}:role/trailkeeper-forwarding-{GLOBAL}"),
    ("iam:UpdateAssumeRolePolicy", RESPONDER),
    ("iam:PassRole", RESPONDER),
    ("iam:CreateRole", STACKS),
    ("iam:UpdateAssumeRolePolicy", STACKS),
    ("iam:CreateRole", DEPLOY),
    ("events:DisableRule", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
    ("events:PutRule", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
    ("events:RemoveTargets", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
    ("events:DeleteRule", f"arn:aws:events:{HERE}:rule/trailkeeper-trail-changes"),
    *(
        (f"sqs:{action}", queue)
        for queue in (DEAD_LETTERS, FORWARDING_QUEUE)
        for action in (
            "AddPermission",
            "ChangeMessageVisibility",
            "DeleteMessage",
            "DeleteQueue",
            "PurgeQueue",
            "ReceiveMessage",
            "RemovePermission",
            "SetQueueAttributes",
            "StartMessageMoveTask",
        )
    ),
    *(
        (f"lambda:{action}", FUNCTION)
        for action in (
            "AddPermission",
            "CreateAlias",
            "CreateFunctionUrlConfig",
            "DeleteFunction",
            "DeleteFunctionEventInvokeConfig",
            "InvokeAsync",
            "InvokeFunction",
            "InvokeFunctionUrl",
            "PutFunctionConcurrency",
            "PutFunctionEventInvokeConfig",
            "PutRuntimeManagementConfig",
            "RemovePermission",
            "UpdateFunctionCode",
            "UpdateFunctionConfiguration",
        )
    ),
    ("lambda:InvokeFunction", f"{FUNCTION}:$LATEST"),
    ("iam:CreatePolicyVersion", BOUNDARY),
    ("iam:SetDefaultPolicyVersion", BOUNDARY),
    ("iam:DeletePolicyVersion", BOUNDARY),
    ("iam:DeletePolicy", BOUNDARY),
    ("iam:DetachRolePolicy", RESPONDER),
    ("iam:DeleteRolePermissionsBoundary", RESPONDER),
    ("iam:TagRole", RESPONDER),
    ("iam:UntagRole", RESPONDER),
    ("iam:UpdateRole", RESPONDER),
    ("iam:CreateRole", SWEEP),
    ("iam:CreateRole", f"{RESPONDER}s-namesake"),
    ("iam:CreateRole", f"arn:aws:iam::{MEMBER}:role/trailkeeper-responder-path/any"),
    ("iam:DeleteRolePolicy", UNDERSTUDY),
    ("iam:PassRole", UNDERSTUDY_SWEEP),
    ("lambda:PutFunctionConcurrency", f"{FUNCTION}-understudy"),
    ("lambda:InvokeFunction", f"{FUNCTION}-understudy"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder-understudy"),
    (
        "scheduler:UpdateSchedule",
        f"arn:aws:scheduler:{HERE}:schedule/trailkeeper-understudy/trailkeeper-sweep-understudy",
    ),
    ("scheduler:DeleteScheduleGroup", f"arn:aws:scheduler:{HERE}:schedule-group/trailkeeper-understudy"),
    ("scheduler:CreateSchedule", f"arn:aws:scheduler:{HERE}:schedule/trailkeeper-understudy/another"),
    ("scheduler:UpdateSchedule", f"arn:aws:scheduler:{HERE}:schedule/trailkeeper/trailkeeper-sweep"),
    ("scheduler:DeleteScheduleGroup", f"arn:aws:scheduler:{HERE}:schedule-group/trailkeeper"),
    ("scheduler:CreateSchedule", f"arn:aws:scheduler:{HERE}:schedule/trailkeeper/another"),
    ("dynamodb:PutItem", TABLE),
    ("dynamodb:BatchWriteItem", TABLE),
    ("dynamodb:DeleteItem", TABLE),
    ("dynamodb:PartiQLInsert", TABLE),
    ("dynamodb:UpdateItem", TABLE),
    ("dynamodb:PutResourcePolicy", TABLE),
    ("dynamodb:DeleteResourcePolicy", TABLE),
    ("dynamodb:UpdateTable", TABLE),
    ("dynamodb:UpdateTimeToLive", TABLE),
    ("dynamodb:DeleteTable", TABLE),
    ("ssm:PutParameter", f"arn:aws:ssm:{HERE}:parameter/trailkeeper/trailkeeper/audit/0123"),
    ("ssm:DeleteParameters", f"arn:aws:ssm:{HERE}:parameter/trailkeeper/trailkeeper/audit/0123"),
    ("logs:DeleteLogGroup", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder"),
    ("logs:DeleteLogStream", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder:log-stream:1"),
    ("logs:PutRetentionPolicy", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder"),
    ("logs:AssociateKmsKey", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder"),
    ("logs:PutSubscriptionFilter", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder"),
    ("logs:PutDataProtectionPolicy", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder"),
    ("cloudwatch:DeleteAlarms", ALARM),
    ("cloudwatch:SetAlarmState", ALARM),
    ("cloudwatch:DisableAlarmActions", ALARM),
    ("cloudwatch:PutAlarmMuteRule", ALARM),
    ("cloudwatch:PutCompositeAlarm", ALARM),
    ("cloudwatch:PutMetricAlarm", ALARM),
    ("cloudformation:DeleteStack", f"arn:aws:cloudformation:{HERE}:stack/StackSet-trailkeeper-member-0123/4567"),
    *(
        (f"cloudformation:{action}", f"arn:aws:cloudformation:{HERE}:stack/StackSet-trailkeeper-member-0123/4567")
        for action in (
            "CancelUpdateStack",
            "ContinueUpdateRollback",
            "CreateChangeSet",
            "ExecuteChangeSet",
            "RollbackStack",
            "SetStackPolicy",
            "UpdateStack",
            "UpdateTerminationProtection",
        )
    ),
    *(
        (f"cloudtrail:{action}", ORGANIZATION_TRAIL)
        for action in (
            "AddTags",
            "DeleteTrail",
            "PutEventConfiguration",
            "PutEventSelectors",
            "PutInsightSelectors",
            "RemoveTags",
            "StopLogging",
            "UpdateTrail",
        )
    ),
    ("s3:DeleteObject", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:DeleteObjectVersion", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:BypassGovernanceRetention", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:PutObject", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:PutObjectRetention", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:ReplicateDelete", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:UpdateObjectEncryption", f"{BUCKET}/AWSLogs/log.json.gz"),
    ("s3:CreateBucket", BUCKET),
    ("s3:DeleteBucket", BUCKET),
    ("s3:DeleteBucketPolicy", BUCKET),
    ("s3:PutBucketPolicy", BUCKET),
    ("s3:PutBucketVersioning", BUCKET),
    ("s3:PutLifecycleConfiguration", BUCKET),
    ("s3:PutEncryptionConfiguration", BUCKET),
    ("kms:DisableKey", KEY),
    ("kms:DisableKeyRotation", KEY),
    ("kms:PutKeyPolicy", KEY),
    ("kms:ScheduleKeyDeletion", KEY),
    ("kms:DeleteImportedKeyMaterial", KEY),
    ("logs:DeleteLogGroup", LOG_GROUP),
    ("logs:DisassociateKmsKey", LOG_GROUP),
    ("logs:DeleteLogStream", f"{LOG_GROUP}:log-stream:1"),
    ("logs:PutRetentionPolicy", LOG_GROUP),
    *(
        (f"sns:{action}", topic)
        for topic in (TOPIC, CHAT_TOPIC)
        for action in (
            "AddPermission",
            "DeleteTopic",
            "PutDataProtectionPolicy",
            "RemovePermission",
            "SetTopicAttributes",
            "Subscribe",
        )
    ),
    ("kms:DeleteAlias", f"arn:aws:kms:{HERE}:alias/trailkeeper-logs"),
    ("kms:UpdateAlias", f"arn:aws:kms:{HERE}:alias/trailkeeper-alerts"),
    ("events:PutPermission", f"arn:aws:events:{HERE}:event-bus/trailkeeper"),
    ("events:DeleteEventBus", f"arn:aws:events:{HERE}:event-bus/trailkeeper"),
    ("events:DeleteRule", f"arn:aws:events:{GLOBAL}:{MEMBER}:rule/trailkeeper-global-events"),
    *(
        (f"s3:{action}", f"arn:aws:s3:::trailkeeper-logs-{MEMBER}-{REGION}")
        for action in (
            "DeleteBucket",
            "DeleteBucketPolicy",
            "PutBucketNotification",
            "PutBucketOwnershipControls",
            "PutBucketPolicy",
            "PutBucketPublicAccessBlock",
            "PutBucketVersioning",
            "PutEncryptionConfiguration",
            "PutLifecycleConfiguration",
            "PutReplicationConfiguration",
        )
    ),
    ("account:DisableRegion", ACCOUNT),
    ("account:CloseAccount", ACCOUNT),
    ("organizations:AcceptHandshake", "*"),
    ("organizations:LeaveOrganization", "*"),
]
LEFT_ALONE = [
    (ADMINISTRATOR, "cloudtrail:StartLogging", TRAIL),
    (ADMINISTRATOR, "cloudtrail:GetTrailStatus", TRAIL),
    (ADMINISTRATOR, "cloudtrail:LookupEvents", "*"),
    (ADMINISTRATOR, "cloudtrail:StopLogging", f"arn:aws:cloudtrail:{HERE}:trail/a-trail-of-the-team"),
    (ADMINISTRATOR, "iam:DeleteRole", ADMINISTRATOR),
    (ADMINISTRATOR, "iam:GetRole", REMEDIATION),
    (ADMINISTRATOR, "iam:GetPolicyVersion", BOUNDARY),
    (ADMINISTRATOR, "iam:CreatePolicyVersion", f"arn:aws:iam::{MEMBER}:policy/of-the-team"),
    (ADMINISTRATOR, "lambda:GetFunction", FUNCTION),
    (ADMINISTRATOR, "lambda:InvokeFunction", f"arn:aws:lambda:{HERE}:function:of-the-team"),
    (ADMINISTRATOR, "sqs:GetQueueAttributes", DEAD_LETTERS),
    (ADMINISTRATOR, "sqs:ReceiveMessage", f"arn:aws:sqs:{HERE}:of-the-team"),
    (ADMINISTRATOR, "s3:GetObject", f"{BUCKET}/AWSLogs/log.json.gz"),
    (ADMINISTRATOR, "s3:DeleteObject", "arn:aws:s3:::of-the-team/object"),
    (ADMINISTRATOR, "kms:DescribeKey", KEY),
    (ADMINISTRATOR, "logs:FilterLogEvents", LOG_GROUP),
    (ADMINISTRATOR, "account:GetContactInformation", ACCOUNT),
    (ADMINISTRATOR, "cloudwatch:PutAlarmMuteRule", f"arn:aws:cloudwatch:{HERE}:alarm:of-the-team"),
    (ADMINISTRATOR, "organizations:DescribeOrganization", "*"),
    (ADMINISTRATOR, "events:DisableRule", f"arn:aws:events:{HERE}:rule/another"),
    (ADMINISTRATOR, "sns:Publish", TOPIC),
    (ADMINISTRATOR, "sns:DeleteTopic", f"arn:aws:sns:{HERE}:of-the-team"),
    (ADMINISTRATOR, "sns:Unsubscribe", "*"),
    (ADMINISTRATOR, "kms:UpdateAlias", f"arn:aws:kms:{HERE}:alias/of-the-team"),
    (DEPLOY, "sns:SetTopicAttributes", TOPIC),
    (REMEDIATION, "cloudtrail:UpdateTrail", TRAIL),
    (REMEDIATION, "cloudtrail:AddTags", TRAIL),
    (RESPONDER, "logs:PutLogEvents", f"arn:aws:logs:{HERE}:log-group:/aws/lambda/trailkeeper-responder:log-stream:1"),
    (RESPONDER, "sqs:SendMessage", f"arn:aws:sqs:{HERE}:trailkeeper-dead-letters"),
    (STACKS, "iam:CreateRole", REMEDIATION),
    (STACKS, "lambda:UpdateFunctionCode", FUNCTION),
    (DEPLOY, "lambda:InvokeFunction", FUNCTION),
    (DEPLOY, "sqs:ReceiveMessage", DEAD_LETTERS),
    (DEPLOY, "cloudtrail:UpdateTrail", TRAIL),
    (DEPLOY, "cloudtrail:StopLogging", TRAIL),
    (DEPLOY, "events:PutRule", f"arn:aws:events:{HERE}:rule/trailkeeper-forwarding"),
]


@pytest.fixture(scope="module")
def policies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """What both policies of all variants say together; they are changed from each to the next."""
    isolate()
    directory = tmp_path_factory.mktemp("policies")
    documents = {}
    with moto_organization() as organization:
        aws = organization.management_aws
        terraform = Terraform(directory, aws, Progress(io.StringIO()), directory / "terraform.log", quiet=True)
        common = {"targets": [organization.root], "trail_names": ["audit"], "exempt_principals": [OPERATOR]} | {
            "guarded_trail_arns": [ORGANIZATION_TRAIL],
            "evidence_arns": [BUCKET, KEY, f"arn:aws:logs:{REGION}:*:log-group:audit"],
        }
        for variant, given in VARIANTS.items():
            terraform.write(INFRA / "modules" / "service-control-policy", common | given)
            if not documents:
                terraform.init()
            outputs = terraform.apply()["outputs"]
            contents = [
                aws.client("organizations").describe_policy(PolicyId=outputs[name])["Policy"]["Content"]
                for name in ("policy_id", "surroundings_policy_id")
            ]
            documents[variant] = {"Statement": [part for text in contents for part in json.loads(text)["Statement"]]}
    return documents


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("action", "resource"), DENIED)
@pytest.mark.parametrize("principal", [ADMINISTRATOR, ROOT])
def test_administrators_are_kept_off(
    policies: dict[str, dict[str, Any]], variant: str, principal: str, action: str, resource: str
) -> None:
    assert denies(policies[variant], principal, action, resource)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(("principal", "action", "resource"), LEFT_ALONE)
def test_nobody_else_is_hindered(
    policies: dict[str, dict[str, Any]], variant: str, principal: str, action: str, resource: str
) -> None:
    assert not denies(policies[variant], principal, action, resource)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("principal", [REMEDIATION, RESPONDER, SWEEP])
def test_not_even_trailkeeper_changes_itself(policies: dict[str, dict[str, Any]], variant: str, principal: str) -> None:
    assert denies(policies[variant], principal, "iam:PutRolePolicy", REMEDIATION)
    assert denies(policies[variant], principal, "lambda:UpdateFunctionCode", FUNCTION)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("principal", [REMEDIATION, RESPONDER, HUBS_RESPONDER])
@pytest.mark.parametrize("action", ["StopLogging", "DeleteTrail", "PutEventConfiguration"])
def test_healers_never_stop_a_trail(
    policies: dict[str, dict[str, Any]], variant: str, principal: str, action: str
) -> None:
    assert denies(policies[variant], principal, f"cloudtrail:{action}", TRAIL)
    assert denies(policies[variant], principal, f"cloudtrail:{action}", HUBS_TRAIL)


@pytest.mark.parametrize(
    ("variant", "member_heals", "hub_heals"),
    [("remediated", False, False), ("hub_bound", False, True), ("responding", True, True)],
)
def test_a_responder_heals_where_there_is_one(
    policies: dict[str, dict[str, Any]], variant: str, member_heals: bool, hub_heals: bool
) -> None:
    policy = policies[variant]
    calls = (("cloudtrail:PutEventSelectors", TRAIL), ("dynamodb:PutItem", TABLE), ("dynamodb:UpdateItem", TABLE))
    for healer in (RESPONDER, UNDERSTUDY):
        for action, resource in calls:
            assert denies(policy, healer, action, resource) is not member_heals
    assert denies(policy, SWEEP, "lambda:InvokeFunction", FUNCTION) is not member_heals
    assert denies(policy, UNDERSTUDY_SWEEP, "lambda:InvokeFunction", f"{FUNCTION}-understudy") is not member_heals
    assert denies(policy, HUBS_RESPONDER, "cloudtrail:UpdateTrail", HUBS_TRAIL) is not hub_heals
    hubs_sweep, hubs_function = (text.replace(MEMBER, HUB) for text in (SWEEP, FUNCTION))
    assert denies(policy, hubs_sweep, "lambda:InvokeFunction", hubs_function) is not hub_heals


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("principal", [ADMINISTRATOR, ROOT, DEPLOY, STACKS, RESPONDER])
@pytest.mark.parametrize("action", ["CreateEventSourceMapping", "UpdateEventSourceMapping"])
def test_nothing_in_a_member_feeds_the_function(
    policies: dict[str, dict[str, Any]], variant: str, principal: str, action: str
) -> None:
    """Everything else may be fed, and the function changed by those who may."""
    policy, mapping = policies[variant], f"arn:aws:lambda:{HERE}:event-source-mapping:0123"
    assert denies(policy, principal, f"lambda:{action}", mapping, function_arn=FUNCTION)
    of_the_team = FUNCTION.replace("trailkeeper-responder", "of-the-team")
    assert not denies(policy, principal, f"lambda:{action}", mapping, function_arn=of_the_team)


@pytest.mark.parametrize(
    "action",
    [
        "AddPermission",
        "ChangeMessageVisibility",
        "DeleteMessage",
        "DeleteQueue",
        "PurgeQueue",
        "ReceiveMessage",
        "RemovePermission",
        "SetQueueAttributes",
        "StartMessageMoveTask",
    ],
)
def test_the_hub_alone_takes_from_its_sweep_queue(policies: dict[str, dict[str, Any]], action: str) -> None:
    policy = policies["hub_bound"]
    assert denies(policy, ADMINISTRATOR.replace(MEMBER, HUB), f"sqs:{action}", SWEEP_QUEUE)
    assert not denies(policy, HUBS_RESPONDER, f"sqs:{action}", SWEEP_QUEUE)
    mapping = f"arn:aws:lambda:{REGION}:{HUB}:event-source-mapping:0123"
    deploys = DEPLOY.replace(MEMBER, HUB)
    function_arn = FUNCTION.replace(MEMBER, HUB)
    assert not denies(policy, deploys, "lambda:CreateEventSourceMapping", mapping, function_arn=function_arn)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize(
    "action", ["CreateGrant", "DisableKey", "DisableKeyRotation", "PutKeyPolicy", "RetireGrant", "ScheduleKeyDeletion"]
)
def test_keys_are_known_by_their_aliases(policies: dict[str, dict[str, Any]], variant: str, action: str) -> None:
    policy, key = policies[variant], f"arn:aws:kms:{HERE}:key/of-whatever-id"
    for principal in (ADMINISTRATOR, ROOT, RESPONDER):
        assert denies(policy, principal, f"kms:{action}", key, alias="alias/trailkeeper-logs")
    assert not denies(policy, DEPLOY, f"kms:{action}", key, alias="alias/trailkeeper-logs")
    assert not denies(policy, ADMINISTRATOR, f"kms:{action}", key, alias="alias/of-the-team")
    assert not denies(policy, ADMINISTRATOR, f"kms:{action}", key), "a key without an alias"
    assert not denies(policy, ADMINISTRATOR, "kms:Decrypt", key, alias="alias/trailkeeper-logs")
