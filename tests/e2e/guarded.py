"""A guarded account as the tests handle it: attack, wait, look, put right again."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Protocol

from e2e.trail_state import State, read_state, restore_state
from lab.aws import Aws
from lab.gateway_process import Gateway, wait_for
from lab.inbox import Inbox, Message
from lab.terraform import Terraform

SECONDS = 60.0
# What may truly be said of a weakening that is undone: by this run, another one, or a person.
UNDONE = {"restored", "already_restored", "already_logging", "unconfirmed"}
SWEEP = {"trailkeeper": "sweep"}
# What the responder itself consists of.
PARTS = {"rule", "schedule", "function", "guard", "role", "topic", "topic_key", "alarms", "queue", "log_group", "table"}
# The function's calls that change a trail.
WRITES = {
    "StartLogging",
    "UpdateTrail",
    "PutEventSelectors",
    "PutInsightSelectors",
    "AddTags",
    "RemoveTags",
    "CreateTrail",
}


class Site(Protocol):
    """An account with Trailkeeper deployed: the lab itself, or a deployment beside it."""

    gateway: Gateway
    account: str
    region: str
    root: Aws
    admin: Aws
    attacker: Aws
    terraform: Terraform
    outputs: dict[str, Any]
    inbox_url: str


class Guarded:
    """An account with a trail under guard."""

    def __init__(self, lab: Site, inbox: Inbox) -> None:
        self.lab = lab
        self.inbox = inbox
        self.control = lab.gateway.control
        outputs = lab.outputs
        self.trail_arn: str = outputs["trail_arn"]
        self.trail_name = self.trail_arn.rsplit("/", 1)[-1]
        self.function_name: str = outputs["responder_function_name"]
        self.role_arn: str = outputs["responder_role_arn"]
        self.role_name = self.role_arn.rsplit("/", 1)[-1]
        # None where the responder stands alone.
        self.understudy_name: str | None = outputs.get("understudy_function_name")
        self.understudy_role_name: str | None = outputs.get("understudy_role_name")
        self.topic_arn: str = outputs["alerts_topic_arn"]
        self.dead_letter_url: str = outputs["dead_letter_queue_url"]
        self.rule_name: str = outputs["event_rule_name"]
        self.attacker_arn = f"arn:aws:iam::{lab.account}:user/{lab.attacker.credentials.name}"
        self.cloudtrail = lab.admin.client("cloudtrail")
        self._sqs = lab.admin.client("sqs")
        self._iam = lab.admin.client("iam")
        self._lambda = lab.admin.client("lambda")
        # The table's policy lets nobody but the function write; the lab's root is nobody it knows.
        self._dynamodb = lab.root.client("dynamodb")
        # As Terraform left it: what every test has to find again.
        self.declared = self.state()

    def state(self) -> State:
        """The whole trail, as an administrator reads it."""
        return read_state(self.cloudtrail, self.trail_arn)

    def is_logging(self) -> bool:
        """What the trail itself says."""
        return bool(self.cloudtrail.get_trail_status(Name=self.trail_arn)["IsLogging"])

    def start_logging(self) -> None:
        """As the administrator."""
        self.cloudtrail.start_logging(Name=self.trail_arn)

    def attack(self, name: str | None = None) -> float:
        """The attacker stops the trail; returns the moment just before."""
        since = time.time()
        self.attacker().stop_logging(Name=name or self.trail_name)
        return since

    def attacker(self) -> Any:
        """The attacker's client of CloudTrail."""
        return self.lab.attacker.client("cloudtrail")

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
        return [request for request in self.requests(since, operation=operation) if request["status"] == 200]

    def notice_of(self, record: dict[str, Any]) -> dict[str, Any]:
        """The first notice about one call."""

        def found() -> list[dict[str, Any]]:
            notices = [message.notice() for message in self.inbox.notices()]
            return [notice for notice in notices if notice["event"]["id"] == record["eventID"]]

        return self.wait(f"a notice about {record['eventName']}", found)[0]

    def requests(self, since: float, **query: Any) -> list[dict[str, Any]]:
        """All calls of the function, and of its understudy, accepted or not."""
        roles = filter(None, (self.role_name, self.understudy_role_name))
        markers = [f":assumed-role/{role}/" for role in roles]
        found = self.control.requests(since=since, account=self.lab.account, **query)
        return [request for request in found if any(marker in (request["caller"] or "") for marker in markers)]

    def refused(self, operation: str, since: float) -> list[dict[str, Any]]:
        """The function's calls of an operation that IAM refused."""
        return [request for request in self.requests(since, operation=operation) if request["error_code"]]

    def deliveries(self, since: float, event_name: str = "StopLogging", outcome: str = "accepted") -> list[Any]:
        """Events handed to the function."""
        return [
            d
            for d in self.control.deliveries(event_name=event_name, since=since, outcome=outcome)
            if d["account"] == self.lab.account
        ]

    def switch(self, **switches: Any) -> None:
        """Disturb the delivery in this account."""
        self.control.switch(self.lab.account, **switches)

    def lose_next_event(self) -> None:
        """The next event is lost. Not an echo of what was before."""
        self.settle()
        self.switch(drop_next=1)

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Events made inside are delivered at the end, all at once: time to look at an attacked trail."""
        self.switch(paused=True)
        try:
            yield
        finally:
            self.switch(paused=False)

    def records(self, since: float, **query: Any) -> list[dict[str, Any]]:
        """This account's CloudTrail records, the oldest first."""
        found = self.control.records(since=since, account=self.lab.account, **query)
        return [entry["record"] for entry in found]

    def _all(self, since: float) -> list[Message]:
        """Notices about calls made since then, and those of sweeps: a late one about an earlier call is no answer."""
        ids = {record["eventID"] for record in self.records(since) if not record["readOnly"]}
        return [message for message in self.inbox.notices(since) if _event_id(message) in {*ids, None}]

    def _own(self, since: float) -> list[Message]:
        """Without those about the responder's own parts: the tests do a lot to the function to see what it does."""
        return [message for message in self._all(since) if _kind(message) not in PARTS]

    def notices(self, since: float) -> list[dict[str, Any]]:
        """The JSON documents that reached the inbox, but for those about the responder's own parts."""
        return [message.notice() for message in self._own(since)]

    def notices_of_parts(self, since: float) -> list[dict[str, Any]]:
        """Those."""
        return [message.notice() for message in self._all(since) if _kind(message) in PARTS]

    def notice(self, since: float, seconds: float = SECONDS) -> tuple[Message, dict[str, Any]]:
        """The first notice."""
        message = self.wait("a notice in the inbox", lambda: self._own(since), seconds)[0]
        return message, message.notice()

    def writes(self, since: float) -> list[str]:
        """The function's accepted calls that change a trail, in order."""
        accepted = [r for r in self.requests(since) if r["status"] == 200 and r["operation"] in WRITES]
        return [f"cloudtrail:{r['operation']}" for r in sorted(accepted, key=lambda r: r["received_at"])]

    def repairs(self, since: float) -> list[str]:
        """The function's calls that change bucket or key, accepted or not."""
        services = {"s3.amazonaws.com", "kms.amazonaws.com"}
        called = {request["operation"] for request in self.requests(since) if request["event_source"] in services}
        # A notice is encrypted on its way to the topic.
        reads = ("Get", "Describe", "GenerateDataKey", "Decrypt")
        return sorted(operation for operation in called if not operation.startswith(reads))

    def settle(self) -> None:
        """Wait until all that is under way has come to its end: deliveries, runs, notices."""
        self.wait("the end of all deliveries and runs", lambda: self.control.is_finished(self.lab.account), 120)
        self.wait("an empty inbox", self.inbox.is_drained)

    def environment(self) -> dict[str, str]:
        """The function's own environment variables, as deployed."""
        found = self._lambda.get_function_configuration(FunctionName=self.function_name)
        return found["Environment"]["Variables"]

    def parameter_name(self) -> str:
        """The name of the trail's baseline parameter."""
        return dict(pair.split("=", 1) for pair in self.environment()["TRAILKEEPER_TRAILS"].split(","))[self.trail_arn]

    def guard_path(self) -> str:
        """Below it is what is declared of the responder's parts."""
        return self.environment()["TRAILKEEPER_GUARD"].rsplit("/list/", 1)[0]

    def incidents_table(self) -> str:
        """The name of the table of incidents."""
        return self.environment()["TRAILKEEPER_INCIDENTS_TABLE"]

    def sweep(self, function: str | None = None) -> list[Any]:
        """Invoke the function, or its understudy, as the schedule does, and wait; its outcomes."""
        answer = self.call_function(SWEEP, function)
        assert "FunctionError" not in answer, answer["Payload"]
        return answer["Payload"]["outcomes"]

    def call_function(self, payload: dict[str, Any], function: str | None = None) -> dict[str, Any]:
        """Invoke the function with any payload and wait; the answer with its payload read."""
        text = json.dumps(payload).encode()
        answer = self.wait("a free place for the function", lambda: self._invoke(function or self.function_name, text))
        return {**answer, "Payload": json.load(answer["Payload"])}

    def _invoke(self, function: str, payload: bytes) -> dict[str, Any] | None:
        try:
            return self._lambda.invoke(FunctionName=function, Payload=payload)
        except self._lambda.exceptions.TooManyRequestsException:
            return None  # all of its reserved places are taken by events

    @contextmanager
    def fresh_function(self) -> Iterator[None]:
        """Make the function start cold, and again at the end."""
        name = {"FunctionName": self.function_name}
        before = self._lambda.get_function_configuration(**name)
        # A change of the configuration ends the running instances.
        self._lambda.update_function_configuration(**name, MemorySize=before["MemorySize"] * 2)
        try:
            yield
        finally:
            self._lambda.update_function_configuration(**name, MemorySize=before["MemorySize"])

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
        return self.call_function(event)

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

    def put_role_policy(self, document: dict[str, Any], name: str | None = None) -> None:
        """In the place of the one that is there, if no name is given."""
        name = name or self._iam.list_role_policies(RoleName=self.role_name)["PolicyNames"][0]
        self._iam.put_role_policy(RoleName=self.role_name, PolicyName=name, PolicyDocument=json.dumps(document))

    @contextmanager
    def without_statement(self, sid: str) -> Iterator[dict[str, Any]]:
        """Take one statement out of the role's policy, and put it back at the end."""
        document = self.role_policy()
        kept = [statement for statement in document["Statement"] if statement["Sid"] != sid]
        assert len(kept) == len(document["Statement"]) - 1, f"no statement {sid} in {document}"
        self.put_role_policy({**document, "Statement": kept})
        try:
            yield document
        finally:
            self.put_role_policy(document)

    def reset(self) -> None:
        """Put right whatever a test, passed or failed, has left."""
        self.switch(paused=False, muted=False, delay_ms=0, copies=1, drop_next=0, requires_logging_trail=True)
        if self.state() != self.declared:
            # Nobody fights over the trail: the function first, if it is still at it.
            self.settle()
            self.switch(muted=True)
            restore_state(self.cloudtrail, self.trail_arn, self.declared)
            self.switch(muted=False)
        self.dead_letters()
        self.forget_actors()

    def _incidents(self) -> list[dict[str, Any]]:
        """All of the table: it is more than a page after some hundred tests."""
        pages = self._dynamodb.get_paginator("scan").paginate(TableName=self.incidents_table(), ConsistentRead=True)
        return [item for page in pages for item in page["Items"]]

    def groups(self) -> list[dict[str, Any]]:
        """What the table of incidents knows of the actors of the last hour."""
        return [item for item in self._incidents() if item["id"]["S"].startswith(("group#", "groups#"))]

    def forget_actors(self) -> None:
        """Nobody has done anything yet: what the tests' few attackers do again and again is no storm."""
        for group in self.groups():
            self._dynamodb.delete_item(TableName=self.incidents_table(), Key={"id": group["id"]})

    def forget_findings(self) -> None:
        """An hour has passed since the last sweep that told of what stays wrong."""
        for item in self._incidents():
            if "#still#" in item["id"]["S"]:
                self._dynamodb.delete_item(TableName=self.incidents_table(), Key={"id": item["id"]})

    def let_ten_minutes_pass(self) -> None:
        """For the groups of incidents: the next sweep sums them up."""
        for group in self.groups():
            if "last_at" in group:
                self._dynamodb.update_item(
                    TableName=self.incidents_table(),
                    Key={"id": group["id"]},
                    UpdateExpression="SET last_at = :then",
                    ExpressionAttributeValues={":then": {"N": str(int(group["last_at"]["N"]) - 600)}},
                )


def _kind(message: Message) -> str | None:
    return (message.notice().get("thing") or {}).get("kind")


def _event_id(message: Message) -> str | None:
    return (message.notice().get("event") or {}).get("id")
