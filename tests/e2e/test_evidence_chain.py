"""The log bucket and the key of the trail: whatever an attacker makes of them is put back, and told."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from e2e.guarded import Guarded

Client = Any


@dataclass(frozen=True)
class Chain:
    """The bucket and the key of the guarded trail, as the account's root sees and changes them."""

    guarded: Guarded
    s3: Client
    kms: Client
    bucket: str
    key: str

    def state(self) -> dict[str, Any]:
        """All that is declared of both, as the test's own reads show it."""
        of_bucket = {"Bucket": self.bucket}
        return {
            "policy": _or_none(lambda: json.loads(self.s3.get_bucket_policy(**of_bucket)["Policy"])),
            "access": _or_none(lambda: self.s3.get_public_access_block(**of_bucket)["PublicAccessBlockConfiguration"]),
            "versioning": self.s3.get_bucket_versioning(**of_bucket).get("Status"),
            "lifecycle": _or_none(lambda: _rules(self.s3.get_bucket_lifecycle_configuration(**of_bucket)["Rules"])),
            "encryption": _or_none(
                lambda: self.s3.get_bucket_encryption(**of_bucket)["ServerSideEncryptionConfiguration"]["Rules"]
            ),
            "ownership": _or_none(lambda: self.s3.get_bucket_ownership_controls(**of_bucket)["OwnershipControls"]),
            "notification": _set(self.s3.get_bucket_notification_configuration(**of_bucket)),
            "replication": _or_none(lambda: self.s3.get_bucket_replication(**of_bucket)["ReplicationConfiguration"]),
            "logging": self.s3.get_bucket_logging(**of_bucket).get("LoggingEnabled"),
            "request_payment": self.s3.get_bucket_request_payment(**of_bucket)["Payer"],
            "key": self.kms.describe_key(KeyId=self.key)["KeyMetadata"]["KeyState"],
            "key policy": json.loads(self.kms.get_key_policy(KeyId=self.key, PolicyName="default")["Policy"]),
        }


def _or_none(read: Callable[[], Any]) -> Any:
    try:
        return read()
    except Exception as error:
        assert "NoSuch" in str(error) or "NotFound" in str(error), error
        return None


def _set(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: part for name, part in answer.items() if name != "ResponseMetadata"}


def _rules(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without the empty filter, which may be written in several ways."""
    return [{name: part for name, part in rule.items() if name not in ("Filter", "Prefix")} for rule in rules]


@pytest.fixture
def chain(guarded: Guarded) -> Iterator[Chain]:
    """Bucket and key, as declared before and after."""
    site = guarded.lab
    trail = site.root.client("cloudtrail").describe_trails()["trailList"][0]
    made = Chain(
        guarded,
        site.root.client("s3"),
        site.root.client("kms"),
        trail["S3BucketName"],
        trail["KmsKeyId"],
    )
    declared = made.state()
    yield made
    assert made.state() == declared


def _one_day(chain: Chain) -> None:
    rule = {"ID": "expire-logs", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 1}}
    chain.s3.put_bucket_lifecycle_configuration(Bucket=chain.bucket, LifecycleConfiguration={"Rules": [rule]})


def _denied(chain: Chain) -> None:
    statement = {
        "Effect": "Deny",
        "Principal": {"Service": "cloudtrail.amazonaws.com"},
        "Action": "s3:PutObject",
        "Resource": f"arn:aws:s3:::{chain.bucket}/*",
    }
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    chain.s3.put_bucket_policy(Bucket=chain.bucket, Policy=json.dumps(policy))


def _notified(chain: Chain) -> None:
    chain.s3.put_bucket_notification_configuration(
        Bucket=chain.bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )


def _replicated(chain: Chain) -> None:
    rule = {"Status": "Enabled", "Prefix": "", "Destination": {"Bucket": f"arn:aws:s3:::{chain.bucket}"}}
    role = f"arn:aws:iam::{chain.guarded.lab.account}:role/replica"
    chain.s3.put_bucket_replication(Bucket=chain.bucket, ReplicationConfiguration={"Role": role, "Rules": [rule]})


def _logged(chain: Chain) -> None:
    target = {"LoggingEnabled": {"TargetBucket": chain.bucket, "TargetPrefix": "access/"}}
    chain.s3.put_bucket_logging(Bucket=chain.bucket, BucketLoggingStatus=target)


def _paid_by_others(chain: Chain) -> None:
    chain.s3.put_bucket_request_payment(Bucket=chain.bucket, RequestPaymentConfiguration={"Payer": "Requester"})


ATTACKS: dict[str, tuple[Callable[[Chain], object], str, str]] = {
    "bucket policy removed": (
        lambda c: c.s3.delete_bucket_policy(Bucket=c.bucket),
        "log_bucket",
        "policy",
    ),
    "bucket policy that denies delivery": (_denied, "log_bucket", "policy"),
    "public access block removed": (
        lambda c: c.s3.delete_public_access_block(Bucket=c.bucket),
        "log_bucket",
        "public_access_block",
    ),
    "versioning suspended": (
        lambda c: c.s3.put_bucket_versioning(Bucket=c.bucket, VersioningConfiguration={"Status": "Suspended"}),
        "log_bucket",
        "versioning",
    ),
    "logs expire after a day": (_one_day, "log_bucket", "lifecycle"),
    "lifecycle removed": (lambda c: c.s3.delete_bucket_lifecycle(Bucket=c.bucket), "log_bucket", "lifecycle"),
    "encryption removed": (lambda c: c.s3.delete_bucket_encryption(Bucket=c.bucket), "log_bucket", "encryption"),
    "CloudTrail is to pay": (_paid_by_others, "log_bucket", "request_payment"),
    "each new log told to EventBridge": (_notified, "log_bucket", "notification"),
    "logs replicated": (_replicated, "log_bucket", "replication"),
    "access logs among the logs": (_logged, "log_bucket", "logging"),
    "key disabled": (lambda c: c.kms.disable_key(KeyId=c.key), "log_key", "state"),
    "key deletion scheduled": (
        lambda c: c.kms.schedule_key_deletion(KeyId=c.key, PendingWindowInDays=7),
        "log_key",
        "state",
    ),
}


@pytest.mark.parametrize("name", ATTACKS, ids=lambda name: name.replace(" ", "-"))
def test_it_is_put_back_and_told(chain: Chain, name: str) -> None:
    attack, kind, field = ATTACKS[name]
    declared = chain.state()
    with chain.guarded.held_back():
        since = time.time()
        attack(chain)
        assert chain.state() != declared, "the attack did not do what it was meant to"
    _, notice = chain.guarded.notice(since)
    assert notice["outcome"] == "restored"
    assert notice["severity"] == "high"
    assert notice["source"] == "event"
    assert notice["thing"]["kind"] == kind
    assert [drift["field"] for drift in notice["drift"]] == [field]
    assert chain.state() == declared
    # The function's own calls come back as events, and are no news.
    chain.guarded.settle()
    assert len(chain.guarded.notices(since)) == 1


def test_a_sweep_finds_what_no_event_told_of(chain: Chain) -> None:
    declared = chain.state()
    chain.guarded.switch(muted=True)
    since = time.time()
    chain.s3.delete_bucket_policy(Bucket=chain.bucket)
    chain.kms.disable_key(KeyId=chain.key)
    assert chain.guarded.sweep() == ["restored", "restored"]
    assert chain.state() == declared
    chain.guarded.settle()
    told = {notice["thing"]["kind"]: notice["outcome"] for notice in chain.guarded.notices(since)}
    assert told == {"log_bucket": "restored", "log_key": "restored"}


def test_a_changed_key_policy_is_told_and_left(chain: Chain) -> None:
    since = time.time()
    before = chain.kms.get_key_policy(KeyId=chain.key, PolicyName="default")["Policy"]
    policy = json.loads(before)
    policy["Statement"] = policy["Statement"][:1]
    chain.kms.put_key_policy(KeyId=chain.key, PolicyName="default", Policy=json.dumps(policy))
    _, notice = chain.guarded.notice(since)
    assert (notice["outcome"], notice["severity"]) == ("reported", "critical")
    assert notice["verification"]["still_differs"] == ["policy"]
    chain.kms.put_key_policy(KeyId=chain.key, PolicyName="default", Policy=before)
