"""The storyline of a stolen key: the notices tell all of it, to a machine and to a person who reads nothing else."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

import pytest
from botocore.exceptions import ClientError

from e2e.guarded import Guarded
from lab.actors import CLOUDTRAIL_ONLY, create_user
from lab.aws import Aws, Credentials
from lab.notice_text import mail, section

MAKES_USERS: list[dict[str, Any]] = [
    {"Effect": "Allow", "Action": ["iam:CreateUser", "iam:CreateAccessKey"], "Resource": "*"},
]
ASSUMES: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "*"}]


@dataclass
class Told:
    """A notice: the document, and the text for people."""

    document: dict[str, Any]
    text: str

    @property
    def found(self) -> dict[str, Any]:
        return self.document["investigation"]

    def deed(self, name: str, kind: str = "deeds") -> dict[str, Any]:
        deeds = {deed["name"]: deed for deed in self.found[kind]}
        assert name in deeds, f"no {name} in {list(deeds)}"
        return deeds[name]


def _told(guarded: Guarded, since: float) -> Told:
    _, document = guarded.notice(since)
    found = mail(guarded.control, since, guarded.role_arn, document["event"]["id"])
    assert found is not None
    return Told(document, found[1])


def _stop(guarded: Guarded, thief: Aws) -> Told:
    since = time.time()
    thief.client("cloudtrail").stop_logging(Name=guarded.trail_name)
    return _told(guarded, since)


@pytest.fixture
def names() -> dict[str, str]:
    number = int(time.time() * 1000)
    return {"thief": f"thief-{number}", "backdoor": f"support-helper-{number}", "role": f"ops-{number}"}


def test_a_stolen_key(guarded: Guarded, names: dict[str, str]) -> None:
    thief = guarded.lab.root.as_(create_user(guarded.lab.root, names["thief"], [*CLOUDTRAIL_ONLY, *MAKES_USERS]))
    thief_arn = f"arn:aws:iam::{guarded.lab.account}:user/{names['thief']}"
    key = thief.credentials.access_key_id
    iam = thief.client("iam")

    # He looks around, makes a user, stops the trail.
    thief.client("cloudtrail").list_trails()
    iam.create_user(UserName=names["backdoor"])
    first = _stop(guarded, thief)
    assert guarded.is_logging()

    # He makes a key for that user, and stops the trail again.
    made = iam.create_access_key(UserName=names["backdoor"])["AccessKey"]
    second = _stop(guarded, thief)
    assert guarded.is_logging()

    # He tries with the new key, which may do nothing.
    backdoor = thief.as_(Credentials(names["backdoor"], made["AccessKeyId"], made["SecretAccessKey"]))
    since = time.time()
    with pytest.raises(ClientError, match="AccessDenied"):
        backdoor.client("cloudtrail").stop_logging(Name=guarded.trail_arn)
    third = _told(guarded, since)

    # The first: the looking around and the user; how he got in; nothing before.
    assert first.document["outcome"] == "restored"
    assert first.found["regions"] == [guarded.lab.region, "us-east-1"]
    assert first.deed("CreateUser")["targets"] == [names["backdoor"]]
    assert first.deed("CreateUser")["region"] == "us-east-1"
    assert first.deed("StopLogging")["is_this"]
    assert "ListTrails" in [read["name"] for read in first.found["reads"]]
    assert first.found["entry"]["means"] == "access_key"
    assert first.found["entry"]["is_key_in_history"] is True
    assert first.found["entry"]["issued_by"]["name"] == "CreateAccessKey"
    assert thief_arn not in [deed["actor"] for deed in first.found["tampering"]]
    assert not first.found["gap"]["is_complete"], "a record can take 15 minutes"

    # The second: that and the key; and that he did it before.
    assert second.deed("CreateUser")["targets"] == [names["backdoor"]]
    assert second.deed("CreateAccessKey")["targets"] == [made["AccessKeyId"], names["backdoor"]]
    earlier = [deed for deed in second.found["tampering"] if deed["actor"] == thief_arn]
    assert [(deed["name"], deed["count"]) for deed in earlier] == [("StopLogging", 1)]

    # The third is another user's: the notice leads back to the thief.
    assert third.document["outcome"] == "attempt_denied"
    entry = third.found["entry"]
    assert entry["issued_by"]["actor"] == thief_arn
    assert entry["issued_by"]["access_key_ids"] == [key]
    makers = {deed["name"] for deed in entry["makers_deeds"]}
    assert {"CreateUser", "StopLogging"} <= makers

    # A person who has nothing but the mail of the second stop.
    text = second.text
    assert text.splitlines()[0].startswith("CRITICAL  RESTORED: logging was stopped and is on again, read back.")
    assert "It is the 2nd incident by this actor since" in text.replace("\n", " ")
    who = section(text, "WHO")
    assert thief_arn in who and key in who
    assert '"127.0.0.1"' in who, "from where"
    when = section(text, "WHEN (UTC)")
    assert "Call made" in when and "Gap in the log" in when
    deeds = section(text, "WHAT ELSE THIS ACTOR DID")
    for told in ("iam CreateUser", "iam CreateAccessKey", made["AccessKeyId"], names["backdoor"], "THIS CALL"):
        assert told in deeds, f"no {told} in {deeds}"
    assert "cloudtrail ListTrails" in deeds
    assert "access key of an IAM user" in section(text, "HOW THEY GOT IN")
    assert "By the same actor: 1." in section(text, "OTHER TAMPERING WITH TRAILS")
    assert "15 minutes" in section(text, "NOT KNOWN")
    to_do = section(text, "WHAT TO DO NOW")
    assert "treat them as stolen" in to_do and key in to_do
    for line in (line for heading in _HEADINGS for line in section(text, heading).splitlines()):
        assert len(line) <= 100, line
    # And of the attempt.
    assert thief_arn in section(third.text, "HOW THEY GOT IN")


_HEADINGS = ("WHAT ELSE THIS ACTOR DID", "OTHER TAMPERING", "WHAT THE GAP MEANS", "NOT KNOWN")


def _delete_role(iam: Any, role: str) -> None:
    iam.delete_role_policy(RoleName=role, PolicyName="trails")
    iam.delete_role(RoleName=role)


def test_a_session_leads_to_who_assumed_the_role(
    guarded: Guarded, names: dict[str, str], request: pytest.FixtureRequest
) -> None:
    account = guarded.lab.account
    user = guarded.lab.root.as_(create_user(guarded.lab.root, names["thief"], ASSUMES))
    iam = guarded.lab.root.client("iam")
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
        ],
    }
    role = iam.create_role(RoleName=names["role"], AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    policy = {"Version": "2012-10-17", "Statement": CLOUDTRAIL_ONLY}
    iam.put_role_policy(RoleName=names["role"], PolicyName="trails", PolicyDocument=json.dumps(policy))
    request.addfinalizer(lambda: _delete_role(iam, names["role"]))
    given = user.client("sts").assume_role(RoleArn=role["Arn"], RoleSessionName="nightly")["Credentials"]
    session = user.as_(Credentials("nightly", given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))
    told = _stop(guarded, session)
    assert told.found["searched_by"] == "access_key_id"
    entry = told.found["entry"]
    assert entry["means"] == "role_session"
    assert entry["session_age_ms"] is not None
    assert entry["issued_by"]["name"] == "AssumeRole"
    assert entry["issued_by"]["actor"].endswith(f":user/{names['thief']}")
    assert names["thief"] in section(told.text, "HOW THEY GOT IN")


def test_without_the_permission_the_notice_says_what_is_not_known(guarded: Guarded) -> None:
    with guarded.without_statement("AttributeChanges"):
        told = _stop(guarded, guarded.lab.attacker)
    assert told.document["outcome"] == "restored"
    assert told.found["deeds"] == []
    unknown = " ".join(told.found["unknown"])
    assert "AccessDenied" in unknown and "us-east-1" in unknown
    assert "AccessDenied" in section(told.text, "NOT KNOWN")


def test_a_copy_of_an_event_is_not_looked_into_again(guarded: Guarded) -> None:
    since = guarded.attack()
    guarded.notice(since)
    guarded.settle()
    record = guarded.records(since, event_name="StopLogging")[0]
    before = len(guarded.requests(since, operation="LookupEvents"))
    assert before > 0
    guarded.invoke(record)
    assert len(guarded.requests(since, operation="LookupEvents")) == before
