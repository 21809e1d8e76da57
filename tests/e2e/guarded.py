"""The guarded account as the tests handle it: attack, wait, look, put right again."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from lab import timeline
from lab.gateway_process import wait_for
from lab.inbox import Inbox, Message
from lab.session import Lab

SECONDS = 20.0


class Guarded:
    """A lab with a trail under guard."""

    def __init__(self, lab: Lab, inbox: Inbox) -> None:
        self.lab = lab
        self.inbox = inbox
        self.control = lab.gateway.control
        outputs = lab.outputs
        self.trail_arn: str = outputs["trail_arn"]
        self.trail_name = self.trail_arn.rsplit("/", 1)[-1]
        self.function_name: str = outputs["responder_function_name"]
        self.role_arn: str = outputs["responder_role_arn"]
        self.role_name = self.role_arn.rsplit("/", 1)[-1]
        self.topic_arn: str = outputs["alerts_topic_arn"]
        self.dead_letter_url: str = outputs["dead_letter_queue_url"]
        self.rule_name: str = outputs["event_rule_name"]
        self._cloudtrail = lab.admin.client("cloudtrail")
        self._sqs = lab.admin.client("sqs")
        self._iam = lab.admin.client("iam")

    def is_logging(self) -> bool:
        """What the trail itself says."""
        return bool(self._cloudtrail.get_trail_status(Name=self.trail_arn)["IsLogging"])

    def start_logging(self) -> None:
        """As the administrator."""
        self._cloudtrail.start_logging(Name=self.trail_arn)

    def attack(self, name: str | None = None) -> float:
        """The attacker stops the trail; returns the moment just before."""
        since = time.time()
        self.lab.attacker.client("cloudtrail").stop_logging(Name=name or self.trail_name)
        return since

    def wait(self, what: str, look: Callable[[], Any], seconds: float = SECONDS) -> Any:
        """Until there is something, or a failure that names what is missing."""
        return wait_for(what, look, seconds)

    def stays(self, look: Callable[[], bool], seconds: float) -> bool:
        """Whether something holds all the time for some seconds."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not look():
                return False
            time.sleep(0.1)
        return True

    def calls(self, operation: str, since: float) -> list[dict[str, Any]]:
        """The function's accepted calls of an operation."""
        return timeline.by_role(self.control, operation, since, self.role_arn)

    def refused(self, operation: str, since: float) -> list[dict[str, Any]]:
        """The function's calls of an operation that IAM refused."""
        marker = f":assumed-role/{self.role_name}/"
        return [
            r
            for r in self.control.requests(operation=operation, since=since)
            if r["error_code"] and marker in (r["caller"] or "")
        ]

    def deliveries(self, since: float, event_name: str = "StopLogging", outcome: str = "accepted") -> list[Any]:
        """Events handed to the function."""
        return [
            d
            for d in self.control.deliveries(event_name=event_name, since=since, outcome=outcome)
            if d["account"] == self.lab.account
        ]

    def _own(self, since: float) -> list[Message]:
        """Notices about stops since then: a late one about an earlier stop is not this test's."""
        ids = {entry["record"]["eventID"] for entry in self.control.records(event_name="StopLogging", since=since)}
        return [message for message in self.inbox.notices(since) if message.notice()["event"]["id"] in ids]

    def notices(self, since: float) -> list[dict[str, Any]]:
        """The JSON documents that reached the inbox."""
        return [message.notice() for message in self._own(since)]

    def notice(self, since: float, seconds: float = SECONDS) -> tuple[Message, dict[str, Any]]:
        """The first notice."""
        message = self.wait("a notice in the inbox", lambda: self._own(since), seconds)[0]
        return message, message.notice()

    def invoke(self, record: dict[str, Any], **envelope: str) -> dict[str, Any]:
        """Hand the function an envelope directly and wait, as somebody may who can invoke it."""
        event = {
            "version": "0",
            "id": str(uuid.uuid4()),
            "source": "aws.cloudtrail",
            "detail-type": "AWS API Call via CloudTrail",
            "account": self.lab.account,
            "time": record["eventTime"],
            "region": self.lab.region,
            "resources": [],
            "detail": record,
        } | {key.replace("_", "-"): value for key, value in envelope.items()}
        return self.lab.admin.client("lambda").invoke(
            FunctionName=self.function_name, Payload=json.dumps(event).encode()
        )

    def dead_letters(self) -> list[dict[str, Any]]:
        """Take everything out of the dead-letter queue."""
        found = []
        while batch := self._sqs.receive_message(
            QueueUrl=self.dead_letter_url, MaxNumberOfMessages=10, WaitTimeSeconds=0
        ).get("Messages"):
            for message in batch:
                found.append(json.loads(message["Body"]))
                self._sqs.delete_message(QueueUrl=self.dead_letter_url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def role_policy(self) -> dict[str, Any]:
        """The one inline policy of the function's role, as deployed."""
        names = self._iam.list_role_policies(RoleName=self.role_name)["PolicyNames"]
        assert len(names) == 1, f"the role {self.role_name} has inline policies {names}; the tests expect one"
        return self._iam.get_role_policy(RoleName=self.role_name, PolicyName=names[0])["PolicyDocument"]

    def _put_role_policy(self, document: dict[str, Any]) -> None:
        name = self._iam.list_role_policies(RoleName=self.role_name)["PolicyNames"][0]
        self._iam.put_role_policy(RoleName=self.role_name, PolicyName=name, PolicyDocument=json.dumps(document))

    @contextmanager
    def without_statement(self, sid: str) -> Iterator[dict[str, Any]]:
        """Take one statement out of the role's policy, and put it back at the end."""
        document = self.role_policy()
        kept = [statement for statement in document["Statement"] if statement["Sid"] != sid]
        assert len(kept) == len(document["Statement"]) - 1, f"no statement {sid} in {document}"
        self._put_role_policy({**document, "Statement": kept})
        try:
            yield document
        finally:
            self._put_role_policy(document)

    def reset(self) -> None:
        """Put right whatever a test, passed or failed, has left."""
        self.control.switch(paused=False, delay_ms=0, copies=1, drop_next=0, requires_logging_trail=True)
        if not self.is_logging():
            self.start_logging()
        self.dead_letters()
