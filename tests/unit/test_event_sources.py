"""A function that reads a queue: partial batch responses, and what its role must allow."""

from __future__ import annotations

import io
import time
import zipfile
from typing import Any

from lab.actors import create_user
from lab.aws import Aws
from unit.accounts import ACCOUNT, REGION
from unit.cross_account import code_of, make_role

QUEUE = f"arn:aws:sqs:{REGION}:{ACCOUNT}:batches"
READS = {"Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"], "Resource": QUEUE}
# The runtime API as a custom runtime speaks it. Messages that say so fail.
BOOTSTRAP = """#!/usr/bin/env python3
import json, os, urllib.request
base = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"
while True:
    with urllib.request.urlopen(f"{base}/next") as answer:
        event, request = json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
    failed = [r["messageId"] for r in event["Records"] if r["body"] == "fail" and r["eventSource"] == "aws:sqs"]
    body = json.dumps({"batchItemFailures": [{"itemIdentifier": i} for i in failed]}).encode()
    urllib.request.urlopen(urllib.request.Request(f"{base}/{request}/response", data=body))
"""


def _function(root: Aws, role: str) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr = 0o755 << 16
        content.writestr(entry, BOOTSTRAP)
    root.client("lambda").create_function(
        FunctionName="batches",
        Runtime="provided.al2023",
        Handler="bootstrap",
        Role=role,
        Timeout=10,
        Code={"ZipFile": archive.getvalue()},
    )


def test_what_a_batch_says_has_failed_comes_again(root: Aws) -> None:
    sqs, functions, iam = root.client("sqs"), root.client("lambda"), root.client("iam")
    trust = {"Principal": {"Service": "lambda.amazonaws.com"}}
    url = sqs.create_queue(QueueName="batches", Attributes={"VisibilityTimeout": "9"})["QueueUrl"]
    _function(root, make_role(iam, "batches", trust, READS | {"Action": ["sqs:ReceiveMessage"]}))
    mapping: dict[str, Any] = {
        "FunctionName": "batches",
        "EventSourceArn": QUEUE,
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
    }
    assert code_of(lambda: functions.create_event_source_mapping(**mapping)) == "InvalidParameterValueException"
    make_role(iam, "batches", trust, READS)
    assert code_of(lambda: functions.create_event_source_mapping(**mapping)) == "InvalidParameterValueException"
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "10"})
    functions.create_event_source_mapping(**mapping)
    for body in ("pass", "fail", "pass"):
        sqs.send_message(QueueUrl=url, MessageBody=body)
    names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
    deadline, left = time.monotonic() + 30, {}
    while time.monotonic() < deadline:
        left = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        if left == {names[0]: "0", names[1]: "1"}:
            break
        time.sleep(0.1)
    assert left == {names[0]: "0", names[1]: "1"}, "the failed one is kept, and only that"
    functions.delete_function(FunctionName="batches")


def test_a_batch_needs_the_permission_for_one_message(root: Aws) -> None:
    """SendMessageBatch is no action of IAM."""
    url = root.client("sqs").create_queue(QueueName="sent")["QueueUrl"]
    allowed = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": f"arn:aws:sqs:{REGION}:{ACCOUNT}:sent"}
    sender = root.as_(create_user(root, "sender", [allowed])).client("sqs")
    entries = [{"Id": "1", "MessageBody": "a"}]
    assert len(sender.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == 1
    receipts = [{"Id": "1", "ReceiptHandle": "r"}]
    assert "AccessDenied" in code_of(lambda: sender.delete_message_batch(QueueUrl=url, Entries=receipts))
