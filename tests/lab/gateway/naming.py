"""How CloudTrail names and classes calls, where that differs from the API model.

Sources: the CloudTrail user guide's record contents, and each service's own page
on its logging with CloudTrail.
"""

from __future__ import annotations

import re

from .operations import Call

_READ_PREFIXES = ("Get", "List", "Describe", "Head", "Lookup", "BatchGet", "Search", "Simulate", "Test", "Select")
# Recorded as readOnly although the name does not say so.
_READ_ONLY = {
    "kms.amazonaws.com": {"Encrypt", "Decrypt", "GenerateDataKey", "GenerateDataKeyWithoutPlaintext", "Verify", "Sign"},
    "sts.amazonaws.com": {
        "AssumeRole",
        "AssumeRoleWithSAML",
        "AssumeRoleWithWebIdentity",
        "DecodeAuthorizationMessage",
    },
    "iam.amazonaws.com": {"GenerateCredentialReport", "GenerateServiceLastAccessedDetails"},
}
# Data events, and calls that CloudTrail does not record at all: no management events.
_DATA_EVENTS = {
    "lambda.amazonaws.com": {"Invoke", "InvokeAsync", "InvokeWithResponseStream"},
    "sns.amazonaws.com": {"Publish", "PublishBatch"},
    "sqs.amazonaws.com": {
        "SendMessage",
        "SendMessageBatch",
        "ReceiveMessage",
        "DeleteMessage",
        "DeleteMessageBatch",
        "ChangeMessageVisibility",
        "ChangeMessageVisibilityBatch",
    },
    "logs.amazonaws.com": {"PutLogEvents", "FilterLogEvents", "GetLogEvents", "StartLiveTail"},
    "monitoring.amazonaws.com": {"PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"},
    "events.amazonaws.com": {"PutEvents"},
    "dynamodb.amazonaws.com": {
        "GetItem",
        "PutItem",
        "UpdateItem",
        "DeleteItem",
        "Query",
        "Scan",
        "BatchGetItem",
        "BatchWriteItem",
        "TransactGetItems",
        "TransactWriteItems",
        "ExecuteStatement",
    },
    "kinesis.amazonaws.com": {"PutRecord", "PutRecords", "GetRecords"},
}
_S3_BUCKET_DATA_EVENTS = {
    "ListObjects",
    "ListObjectsV2",
    "ListObjectVersions",
    "ListMultipartUploads",
    "HeadBucket",
    "DeleteObjects",
}
# https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-s3-info.html
_S3_EVENT_NAMES = {
    "PutBucketLifecycleConfiguration": "PutBucketLifecycle",
    "GetBucketLifecycleConfiguration": "GetBucketLifecycle",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "DeletePublicAccessBlock": "DeleteBucketPublicAccessBlock",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
}
# Lambda's older operations carry their API's date, some also its revision.
# https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html
_LAMBDA_REVISION_2 = {
    "AddPermission",
    "RemovePermission",
    "GetPolicy",
    "GetFunction",
    "GetFunctionConfiguration",
    "UpdateFunctionCode",
    "UpdateFunctionConfiguration",
    "TagResource",
    "UntagResource",
}
_API_DATE = re.compile(r"^/(\d{4})-(\d{2})-(\d{2})/")
# Wire codes that mean "denied"; records say AccessDenied whatever the protocol.
_DENIED = {"AccessDeniedException", "AccessDenied", "AuthorizationError", "AuthorizationErrorException"}
# Refused before anybody is known: AWS writes no record for these.
UNAUTHENTICATED = {
    "InvalidClientTokenId",
    "UnrecognizedClientException",
    "InvalidAccessKeyId",
    "SignatureDoesNotMatch",
    "InvalidSignatureException",
    "IncompleteSignature",
    "MissingAuthenticationToken",
    "InvalidToken",
    "MissingAuthenticationTokenException",
    "ExpiredToken",
    "ExpiredTokenException",
    "RequestTimeTooSkewed",
    "RequestExpired",
    "CredentialDateMismatch",
    "UnsupportedSignature",
}


def event_name(call: Call) -> str:
    """The eventName that CloudTrail writes for a call."""
    if call.event_source == "s3.amazonaws.com":
        return _S3_EVENT_NAMES.get(call.operation, call.operation)
    if call.event_source == "lambda.amazonaws.com" and call.model:
        date = _API_DATE.match(call.model.http["requestUri"])
        if date and int(date.group(1)) < 2019:
            return call.operation + "".join(date.groups()) + ("v2" if call.operation in _LAMBDA_REVISION_2 else "")
    return call.operation


def is_read_only(call: Call) -> bool:
    """CloudTrail's readOnly."""
    return call.operation.startswith(_READ_PREFIXES) or call.operation in _READ_ONLY.get(call.event_source, ())


def is_management_event(call: Call) -> bool:
    """Whether a call is a management event; the others need data event selectors, or are never recorded."""
    if call.event_source == "s3.amazonaws.com" and call.model:
        shape = call.model.input_shape
        on_object = shape is not None and "Key" in shape.members and "Bucket" in shape.members
        return not on_object and call.operation not in _S3_BUCKET_DATA_EVENTS
    return call.operation not in _DATA_EVENTS.get(call.event_source, ())


def error_code(code: str) -> str:
    """The errorCode that a record carries for an error code of the answer."""
    return "AccessDenied" if is_denial(code) else code


def is_denial(code: str) -> bool:
    """Whether an answer's error code says that the caller lacks the permission."""
    return code in _DENIED
