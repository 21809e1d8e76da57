"""Records look as CloudTrail writes them, for every protocol, and hold no secret."""

from __future__ import annotations

import json

import pytest

from lab.gateway.identities import Principal
from lab.gateway.naming import is_management_event, is_read_only
from lab.gateway.records import in_both_accounts
from lab.gateway.shapes import HIDDEN
from unit.calls import record, request


def test_a_stop_as_the_attacker_wrote_it() -> None:
    found = record("cloudtrail", "StopLogging", {"Name": "audit"})
    assert found["eventVersion"] == "1.11"
    assert found["eventTime"] == "2023-11-14T22:13:20Z"
    assert found["eventSource"] == "cloudtrail.amazonaws.com"
    assert found["eventName"] == "StopLogging"
    assert found["requestParameters"] == {"name": "audit"}
    assert found["responseElements"] is None
    assert found["requestID"] == "req-1"
    assert (found["readOnly"], found["managementEvent"], found["eventType"]) == (False, True, "AwsApiCall")
    assert (found["recipientAccountId"], found["awsRegion"]) == ("111122223333", "eu-west-1")
    assert "errorCode" not in found
    assert found["userIdentity"] == {
        "type": "IAMUser",
        "principalId": "AIDAEXAMPLE",
        "arn": "arn:aws:iam::111122223333:user/mallory",
        "accountId": "111122223333",
        "accessKeyId": "AKIAEXAMPLE",
        "userName": "mallory",
    }


def test_a_denied_stop_has_no_parameters() -> None:
    answer = json.dumps({"__type": "AccessDeniedException", "message": "not authorized"}).encode()
    found = record("cloudtrail", "StopLogging", {"Name": "audit"}, status=400, answer=answer)
    assert found["errorCode"] == "AccessDenied"
    assert found["errorMessage"] == "not authorized"
    assert found["requestParameters"] is None


def test_a_failed_stop_keeps_its_parameters() -> None:
    answer = json.dumps({"__type": "TrailNotFoundException", "message": "Unknown trail"}).encode()
    found = record("cloudtrail", "StopLogging", {"Name": "audit"}, status=404, answer=answer)
    assert found["errorCode"] == "TrailNotFoundException"
    assert found["requestParameters"] == {"name": "audit"}


def test_query_protocol_lists_and_structures() -> None:
    found = record(
        "iam",
        "CreateRole",
        {
            "RoleName": "r",
            "AssumeRolePolicyDocument": "{}",
            "MaxSessionDuration": 3600,
            "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}],
        },
        answer=b"<CreateRoleResponse><CreateRoleResult/></CreateRoleResponse>",
    )
    assert found["eventName"] == "CreateRole"
    assert found["awsRegion"] == "us-east-1", "IAM records in its one region"
    assert found["requestParameters"] == {
        "roleName": "r",
        "assumeRolePolicyDocument": "{}",
        "maxSessionDuration": 3600,
        "tags": [{"key": "a", "value": "1"}, {"key": "b", "value": "2"}],
    }


def test_query_protocol_maps() -> None:
    _, given = request("sns", "CreateTopic", {"Name": "t", "Attributes": {"DisplayName": "x", "Policy": "{}"}})
    assert given == {"Name": "t", "Attributes": {"DisplayName": "x", "Policy": "{}"}}


def test_cbor_protocol() -> None:
    _, given = request("cloudwatch", "DeleteAlarms", {"AlarmNames": ["a", "b"]})
    assert given == {"AlarmNames": ["a", "b"]}


@pytest.mark.parametrize(
    ("operation", "params", "name"),
    [
        ("UpdateFunctionConfiguration", {"FunctionName": "f", "Timeout": 1}, "UpdateFunctionConfiguration20150331v2"),
        ("DeleteFunction", {"FunctionName": "f"}, "DeleteFunction20150331"),
        (
            "PutFunctionConcurrency",
            {"FunctionName": "f", "ReservedConcurrentExecutions": 0},
            "PutFunctionConcurrency20171031",
        ),
    ],
)
def test_lambda_names_carry_dates(operation: str, params: dict, name: str) -> None:
    found = record("lambda", operation, params)
    assert found["eventName"] == name
    assert found["requestParameters"]["functionName"] == "f"


def test_rest_json_uri_and_body() -> None:
    found = record(
        "scheduler",
        "CreateSchedule",
        {
            "Name": "n",
            "ScheduleExpression": "rate(1 hour)",
            "FlexibleTimeWindow": {"Mode": "OFF"},
            "Target": {"Arn": "arn:aws:lambda:eu-west-1:111122223333:function:f", "RoleArn": "arn:aws:iam::1:role/r"},
        },
    )
    assert found["eventName"] == "CreateSchedule"
    assert found["requestParameters"]["name"] == "n"
    assert found["requestParameters"]["target"]["roleArn"] == "arn:aws:iam::1:role/r"


def test_s3_policy_and_lifecycle() -> None:
    policy = record("s3", "PutBucketPolicy", {"Bucket": "b", "Policy": json.dumps({"Statement": []})}, answer=b"")
    assert policy["requestParameters"] == {
        "bucketName": "b",
        "Host": "127.0.0.1:1",
        "policy": "",
        "bucketPolicy": {"Statement": []},
    }
    assert policy["responseElements"] is None
    rules = {"Rules": [{"ID": "x", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}]}
    lifecycle = record(
        "s3", "PutBucketLifecycleConfiguration", {"Bucket": "b", "LifecycleConfiguration": rules}, answer=b""
    )
    assert lifecycle["eventName"] == "PutBucketLifecycle"
    assert lifecycle["requestParameters"]["LifecycleConfiguration"]["Rule"]["Expiration"] == {"Days": "1"}


@pytest.mark.parametrize(
    ("service", "operation", "params", "management", "read_only"),
    [
        ("s3", "GetObject", {"Bucket": "b", "Key": "k"}, False, True),
        ("s3", "DeleteBucket", {"Bucket": "b"}, True, False),
        ("sns", "Publish", {"TopicArn": "t", "Message": "m"}, False, False),
        ("lambda", "Invoke", {"FunctionName": "f"}, False, False),
        ("cloudtrail", "GetTrailStatus", {"Name": "n"}, True, True),
        ("cloudtrail", "LookupEvents", {}, True, True),
        ("kms", "Decrypt", {"CiphertextBlob": b"x"}, True, True),
        ("kms", "DisableKey", {"KeyId": "k"}, True, False),
        ("events", "PutTargets", {"Rule": "r", "Targets": [{"Id": "1", "Arn": "a"}]}, True, False),
    ],
)
def test_which_calls_are_management_events(
    service: str, operation: str, params: dict, management: bool, read_only: bool
) -> None:
    call, _ = request(service, operation, params)
    assert call.operation == operation
    assert is_management_event(call) is management
    assert is_read_only(call) is read_only


SECRETS = [
    ("ssm", "PutParameter", {"Name": "n", "Value": "S3CRET", "Type": "SecureString"}, b"{}"),
    ("secretsmanager", "CreateSecret", {"Name": "n", "SecretString": "S3CRET"}, b"{}"),
    (
        "lambda",
        "CreateFunction",
        {
            "FunctionName": "f",
            "Role": "r",
            "Code": {"ZipFile": b"S3CRET"},
            "Environment": {"Variables": {"PASSWORD": "S3CRET"}},
        },
        b"{}",
    ),
    ("iam", "CreateLoginProfile", {"UserName": "u", "Password": "S3CRET"}, b""),
    (
        "iam",
        "CreateAccessKey",
        {"UserName": "u"},
        b"<CreateAccessKeyResponse><CreateAccessKeyResult><AccessKey><UserName>u</UserName><AccessKeyId>AKIANEW"
        b"</AccessKeyId><SecretAccessKey>S3CRET</SecretAccessKey></AccessKey></CreateAccessKeyResult>"
        b"</CreateAccessKeyResponse>",
    ),
]


@pytest.mark.parametrize(("service", "operation", "params", "answer"), SECRETS, ids=[s[1] for s in SECRETS])
def test_secrets_are_never_recorded(service: str, operation: str, params: dict, answer: bytes) -> None:
    found = record(service, operation, params, answer=answer)
    text = json.dumps(found)
    assert "S3CRET" not in text
    assert "UzNDUkVU" not in text, "nor in base64"
    assert found["requestParameters"], "the rest of the parameters is there"


def test_a_new_access_key_is_recorded_without_its_secret() -> None:
    found = record(*SECRETS[-1][:3], answer=SECRETS[-1][3])
    assert found["responseElements"]["accessKey"]["accessKeyId"] == "AKIANEW"
    assert found["responseElements"]["accessKey"]["secretAccessKey"] == HIDDEN


def test_a_function_s_session() -> None:
    issuer = {
        "type": "Role",
        "principalId": "AROA",
        "arn": "arn:aws:iam::111122223333:role/r",
        "accountId": "111122223333",
        "userName": "r",
    }
    session = Principal(
        "AssumedRole",
        "111122223333",
        "ASIA",
        "AROA:f",
        "arn:aws:sts::111122223333:assumed-role/r/f",
        "",
        issuer,
        "2026-01-01T00:00:00Z",
        "arn:aws:lambda:eu-west-1:111122223333:function:f",
    )
    identity = record("cloudtrail", "StartLogging", {"Name": "n"}, principal=session)["userIdentity"]
    assert identity["sessionContext"] == {
        "sessionIssuer": issuer,
        "attributes": {"creationDate": "2026-01-01T00:00:00Z", "mfaAuthenticated": "false"},
    }
    assert identity["inScopeOf"] == {
        "issuerType": "AWS::Lambda::Function",
        "credentialsIssuedTo": "arn:aws:lambda:eu-west-1:111122223333:function:f",
    }
    assert "userName" not in identity


def test_a_role_of_another_account_is_assumed_in_two_records() -> None:
    """The owner's one tells the caller's account and id, and the session's name."""
    role = "arn:aws:iam::444455556666:role/r"
    given = {"RoleArn": role, "RoleSessionName": "trailkeeper-1", "ExternalId": "ext"}
    ours, theirs = in_both_accounts(record("sts", "AssumeRole", given, answer=b"<AssumeRoleResponse/>"))
    assert (ours["recipientAccountId"], theirs["recipientAccountId"]) == ("111122223333", "444455556666")
    assert ours["sharedEventID"] == theirs["sharedEventID"] and ours["eventID"] != theirs["eventID"]
    assert ours["userIdentity"]["arn"] == "arn:aws:iam::111122223333:user/mallory"
    assert theirs["userIdentity"] == {"type": "AWSAccount", "principalId": "AIDAEXAMPLE", "accountId": "111122223333"}
    assert theirs["requestParameters"]["roleSessionName"] == "trailkeeper-1"

    own = record("sts", "AssumeRole", given | {"RoleArn": role.replace("444455556666", "111122223333")}, answer=b"<a/>")
    assert len(in_both_accounts(own)) == 1
    refusal = b"<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>"
    assert len(in_both_accounts(record("sts", "AssumeRole", given, status=403, answer=refusal))) == 1
