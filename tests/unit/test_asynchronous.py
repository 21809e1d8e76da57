"""Asynchronous runs of functions in the emulator: tries, places, the end of all."""

from __future__ import annotations

import io
import json
import time
import urllib.request
import zipfile

from lab.aws import Aws
from lab.emulator import Emulator
from unit.conftest import ACCOUNT, REGION

CODE = """
import time

def handler(event, context):
    time.sleep(event["seconds"])
    raise ValueError(context.aws_request_id)
"""


def _function(root: Aws, name: str, target: str) -> None:
    """A function that always fails and may write its log, with a queue for what failed for good."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as content:
        content.writestr("main.py", CODE)
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
    iam, functions = root.client("iam"), root.client("lambda")
    document = json.dumps({"Version": "2012-10-17", "Statement": [trust]})
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)["Role"]["Arn"]
    writes = {"Effect": "Allow", "Action": "logs:*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [writes]})
    iam.put_role_policy(RoleName=name, PolicyName="log", PolicyDocument=policy)
    functions.create_function(
        FunctionName=name, Runtime="python3.11", Handler="main.handler", Role=role, Code={"ZipFile": archive.getvalue()}
    )
    functions.put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=1, DestinationConfig={"OnFailure": {"Destination": target}}
    )


def _unfinished(emulator: Emulator, account: str) -> int:
    with urllib.request.urlopen(f"{emulator.url}/_lab/unfinished?account={account}") as answer:
        return json.load(answer)["unfinished"]


def test_an_event_keeps_its_request_id_and_waits_for_a_place(emulator: Emulator, root: Aws) -> None:
    """Three events for one place: none is given up because it finds the place taken."""
    sqs, functions = root.client("sqs"), root.client("lambda")
    url = sqs.create_queue(QueueName="failed")["QueueUrl"]
    _function(root, "failing", f"arn:aws:sqs:{REGION}:{ACCOUNT}:failed")
    functions.put_function_concurrency(FunctionName="failing", ReservedConcurrentExecutions=1)
    for number in range(3):
        event = json.dumps({"seconds": 0.3, "number": number}).encode()
        functions.invoke(FunctionName="failing", InvocationType="Event", Payload=event)
    assert _unfinished(emulator, ACCOUNT) == 3
    assert _unfinished(emulator, "444455556666") == 0
    deadline = time.monotonic() + 30
    while _unfinished(emulator, ACCOUNT) and time.monotonic() < deadline:
        time.sleep(0.1)
    letters = [json.loads(m["Body"]) for m in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]]
    assert {letter["requestPayload"]["number"] for letter in letters} == {0, 1, 2}
    assert all(letter["responsePayload"]["errorMessage"] for letter in letters)
    log = root.client("logs").filter_log_events(logGroupName="/aws/lambda/failing")["events"]
    starts = [event["message"].split()[2] for event in log if event["message"].startswith("START ")]
    assert (len(starts), len(set(starts))) == (6, 3), "two tries each, with the same id"


def test_an_event_waits_for_a_place_that_is_given_back(emulator: Emulator, root: Aws) -> None:
    """Nothing runs while nothing is reserved, and then the reservation is what it is now."""
    sqs, functions = root.client("sqs"), root.client("lambda")
    url = sqs.create_queue(QueueName="switched-off")["QueueUrl"]
    _function(root, "off", f"arn:aws:sqs:{REGION}:{ACCOUNT}:switched-off")
    functions.put_function_concurrency(FunctionName="off", ReservedConcurrentExecutions=0)
    functions.invoke(FunctionName="off", InvocationType="Event", Payload=json.dumps({"seconds": 0}).encode())
    time.sleep(1)
    assert _unfinished(emulator, ACCOUNT) == 1
    functions.put_function_concurrency(FunctionName="off", ReservedConcurrentExecutions=1)
    deadline = time.monotonic() + 30
    while _unfinished(emulator, ACCOUNT) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert "Messages" in sqs.receive_message(QueueUrl=url), "it ran, and failed"
