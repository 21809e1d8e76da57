"""A queue that is subscribed to the topic: what a machine among the responders gets."""

from __future__ import annotations

import json
import threading
import time
from dataclasses import dataclass
from typing import Any

from .aws import Aws

_QUEUE_NAME = "lab-inbox"


@dataclass(frozen=True)
class Message:
    """An SNS notification as it lay in the queue."""

    received_at: float
    subject: str
    body: str
    attributes: dict[str, str]

    def notice(self) -> dict[str, Any]:
        """The JSON document."""
        return json.loads(self.body)


def create_inbox(admin: Aws, topic_arn: str) -> str:
    """Create the queue, let the topic (and nobody else) send to it, subscribe it. Returns its URL."""
    sqs = admin.client("sqs")
    url = sqs.create_queue(QueueName=_QUEUE_NAME)["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": "sns.amazonaws.com"},
                "Action": "sqs:SendMessage",
                "Resource": arn,
                "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
            }
        ],
    }
    sqs.set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    admin.client("sns").subscribe(TopicArn=topic_arn, Protocol="sqs", Endpoint=arn)
    return url


def delete_inbox(admin: Aws, url: str) -> None:
    """Delete the queue; the subscription goes with the topic."""
    admin.client("sqs").delete_queue(QueueUrl=url)


class Inbox:
    """Reads the queue all the time, so that each message has the moment it arrived."""

    def __init__(self, admin: Aws, url: str) -> None:
        self._sqs = admin.client("sqs")
        self._url = url
        self._messages: list[Message] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._read, name="inbox", daemon=True)
        self._thread.start()

    def messages(self) -> list[Message]:
        """All so far."""
        return list(self._messages)

    def notices(self, since: float = 0.0) -> list[Message]:
        """Those that are notices and not, for instance, alarms."""
        found = []
        for message in self.messages():
            if message.received_at >= since:
                try:
                    if message.notice().get("schema") == "trailkeeper.notice":
                        found.append(message)
                except (ValueError, AttributeError):
                    continue
        return found

    def is_drained(self) -> bool:
        """Whether everything that was sent has been read."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=names)["Attributes"]
        return all(int(found[name]) == 0 for name in names)

    def close(self) -> None:
        """Stop reading."""
        self._stop.set()
        self._thread.join(5)

    def _read(self) -> None:
        while not self._stop.is_set():
            try:
                answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            except Exception:
                if self._stop.wait(0.2):
                    return
                continue
            now = time.time()
            for raw in answer.get("Messages", []):
                envelope = json.loads(raw["Body"])
                attributes = {key: value["Value"] for key, value in (envelope.get("MessageAttributes") or {}).items()}
                self._messages.append(
                    Message(now, envelope.get("Subject") or "", envelope.get("Message", ""), attributes)
                )
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=raw["ReceiptHandle"])
