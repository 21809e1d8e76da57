"""Applies every example of infra/ in an account of its own, all at once, beside the other tests."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from e2e.trail_state import read_state
from lab.aws import Aws
from lab.inbox import create_inbox
from lab.paths import INFRA
from lab.progress import LabError, Progress
from lab.session import Lab, host_architecture
from lab.terraform import Terraform

FIRST_ACCOUNT = 222200000000
# Those need stack sets, and delegated administrators of CloudTrail: test_organization_moto.py.
IN_MOTO = {"organization", "organization-management"}
NAMES = sorted(path.parent.name for path in (INFRA / "examples").glob("*/main.tf") if path.parent.name not in IN_MOTO)
# Its bucket holds a log when it is to be destroyed.
KEPT = "single-account"
SECOND_REGION = "eu-central-1"
# A hub of which only the topic is there: for the rest a member needs its names only.
HUB_ACCOUNT = "999988887777"
HUB = {
    "role_arn": f"arn:aws:iam::{HUB_ACCOUNT}:role/trailkeeper-responder",
    "bus_arn": f"arn:aws:events:eu-west-1:{HUB_ACCOUNT}:event-bus/trailkeeper",
    "external_id": "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11",
    "organization_id": "o-exampleorgid",
}


@dataclass
class Example:
    """An example, its account, and how it went."""

    name: str
    aws: Aws
    account: str
    terraform: Terraform
    prepared: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)


@dataclass
class Kept:
    """How the destruction of a bucket with a log went: first refused, then, with the user's consent, done."""

    refusal: str
    log_after_refusal: bytes
    buckets_after_consent: list[Any]


class Examples:
    """All examples."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self.quiet = Progress(_Silent())
        self._pool = ThreadPoolExecutor(max_workers=3, thread_name_prefix="example")
        self._futures: dict[str, Future[Example]] = {}
        self._ends: dict[str, Future[Example]] = {}

    def start(self, lab: Lab) -> None:
        """Copy infra/ (Terraform writes beside what it reads) and begin."""
        self._lab = lab
        copy = self._lab.directory / "examples" / "infra"
        shutil.copytree(INFRA, copy, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", ".terraform.lock.hcl"))
        for number, name in enumerate(NAMES, start=1):
            account = str(FIRST_ACCOUNT + number)
            aws = self._lab.as_account(account)
            log = self._lab.directory / f"terraform-{name}.log"
            terraform = Terraform(copy / "examples" / name, aws, self.quiet, log)
            example = Example(name, aws, account, terraform)
            self._futures[name] = self._pool.submit(self._apply, example)
        self._progress.say(f"applying {len(NAMES)} examples in accounts of their own, beside the tests")

    def get(self, name: str) -> Example:
        """An applied example; raises what its apply raised."""
        return self._futures[name].result(timeout=400)

    def begin_to_destroy(self) -> None:
        """All of them, side by side; once."""
        if not self._ends:
            self._kept = self._pool.submit(self._destroy_kept)
            self._ends = {name: self._pool.submit(self._destroy, name) for name in NAMES if name != KEPT}

    def end_of(self, name: str) -> Example:
        """A destroyed example; raises what its destruction raised."""
        return self._ends[name].result(timeout=400)

    def end_of_kept(self) -> Kept:
        """How it went with the one whose bucket holds a log."""
        return self._kept.result(timeout=400)

    def _destroy(self, name: str) -> Example:
        example = self.get(name)
        example.terraform.destroy()
        return example

    def _destroy_kept(self) -> Kept:
        example = self.get(KEPT)
        terraform, s3 = example.terraform, example.aws.client("s3")
        where = {"Bucket": s3.list_buckets()["Buckets"][0]["Name"], "Key": "AWSLogs/log.json.gz"}
        s3.put_object(**where, Body=b"evidence")
        refusal = ""
        try:
            terraform.destroy()
        except LabError as error:
            refusal = str(error)
        log = s3.get_object(**where)["Body"].read()
        terraform.set_variables(terraform.variables | {"force_destroy_logs": True})
        address = next(line for line in terraform.state() if ".aws_s3_bucket." in line)
        terraform.apply(f"-target={address}")
        terraform.destroy()
        return Kept(refusal, log, s3.list_buckets()["Buckets"])

    def close(self) -> None:
        """Wait for what is under way; the emulator forgets the rest."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _apply(self, example: Example) -> Example:
        example.prepared = _prepare(example) | (self._prepare_hub(example) if example.name == "member" else {})
        variables = {
            name: value
            for name, value in {
                "package": str(self._lab.package.resolve()),
                "architecture": host_architecture(),
                "existing_trail_arns": [example.prepared.get("trail_arn")],
                "declared_trails": {example.prepared.get("declared_arn"): example.prepared.get("bucket")},
                "captured_baselines": [example.prepared.get("captured")],
                "trail_arns": [example.prepared.get("trail_arn")],
                "topic_arn": example.prepared.get("topic_arn"),
                "notification_emails": ["responders@example.com"],
                "email_addresses": ["responders@example.com"],
                "force_destroy_logs": False,
                "second_region": SECOND_REGION,
                "second_region_trail_arns": [example.prepared.get("trail_arn")],
                "hub": HUB,
                "member_baselines": [_member_baseline(example)],
                "responder": _member_responder(example),
                "deployed_by": [f"arn:aws:iam::{example.account}:role/deploy"],
                "organization": {"id": HUB["organization_id"], "management_account_id": example.account},
            }.items()
            if name in example.terraform.declared_variables()
        }
        example.terraform.set_variables(variables)
        example.terraform.init()
        example.outputs = example.terraform.apply()
        return example

    def _prepare_hub(self, example: Example) -> dict[str, str]:
        """The hub's topic, with a policy as the module organization writes it, and its inbox."""
        hub = self._lab.as_account(HUB_ACCOUNT)
        topic_arn = hub.client("sns").create_topic(Name="trailkeeper-alerts")["TopicArn"]
        role = f"arn:aws:iam::{example.account}:role/trailkeeper-responder"
        statement = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": "sns:Publish",
            "Resource": topic_arn,
            "Condition": {"ArnLike": {"aws:PrincipalArn": role}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        hub.client("sns").set_topic_attributes(TopicArn=topic_arn, AttributeName="Policy", AttributeValue=policy)
        return {"topic_arn": topic_arn, "inbox_url": create_inbox(hub, topic_arn)}


class _Silent:
    """A stream for the progress of what runs beside the tests."""

    def write(self, _text: str) -> int:
        return 0

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return False


def _member_baseline(example: Example) -> dict[str, Any]:
    """As the hub's example has it in its output for_members."""
    return {
        "trail_arn": f"arn:aws:cloudtrail:{example.aws.region}:{{account}}:trail/audit",
        "parameter_name": f"/trailkeeper/trailkeeper/audit/{'0' * 64}",
        "parameter_path": "/trailkeeper/trailkeeper/audit",
        "can_be_recreated": False,
        "guards": {"settings": False, "event_selectors": False, "insight_selectors": False, "tags": False},
    }


def _member_responder(example: Example) -> dict[str, Any]:
    """The same: what the hub declares for all accounts, and for one that is another."""
    arn = _member_baseline(example)["trail_arn"]
    documents = {
        trail: {
            "schema": "trailkeeper.baseline",
            "version": 1,
            "trail_arn": trail,
            "is_logging": True,
            "s3_bucket_name": "old-logs-{account}",
            "enable_log_file_validation": True,
        }
        for trail in (arn, arn.replace("{account}", "444455556666"))
    }
    return {
        "topic_arn": example.prepared.get("topic_arn"),
        "baseline_documents": {trail: json.dumps(document) for trail, document in documents.items()},
        "change_principals": ["arn:aws:iam::{account}:role/deploy"],
    }


def _prepare(example: Example) -> dict[str, str]:
    """Trails and a topic that are already there, for the examples that want them."""
    if example.name not in ("control-tower", "existing-trail", "member", "multi-region", "responder-only"):
        return {}
    bucket = f"old-logs-{example.account}"
    example.aws.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": example.aws.region}
    )
    if example.name == "control-tower":
        trail = _make_trail(example, "aws-controltower-BaselineCloudTrail", bucket, IsOrganizationTrail=True)
        return {"trail_arn": trail}
    if example.name == "member":
        return {"trail_arn": _make_trail(example, "audit", bucket)}
    if example.name == "multi-region":
        trail = _make_trail(example, "old-trail", bucket, SECOND_REGION, IsMultiRegionTrail=False)
        return {"trail_arn": trail}
    trail_arn = _make_trail(example, "old-trail", bucket)
    topic_arn = example.aws.client("sns").create_topic(Name="old-topic")["TopicArn"]
    prepared = {"trail_arn": trail_arn, "topic_arn": topic_arn, "bucket": bucket}
    if example.name == "existing-trail":
        captured_arn = _make_trail(example, "captured-trail", bucket)
        document = {"schema": "trailkeeper.baseline", "version": 1, "trail_arn": captured_arn} | read_state(
            example.aws.client("cloudtrail"), captured_arn
        )
        del document["exists"]
        path = example.terraform.directory / "captured.json"
        path.write_text(json.dumps(document))
        prepared |= {
            "declared_arn": _make_trail(example, "declared-trail", bucket),
            "captured_arn": captured_arn,
            "captured": str(path),
        }
    return prepared


def _make_trail(example: Example, name: str, bucket: str, region: str | None = None, **settings: bool) -> str:
    cloudtrail = example.aws.client("cloudtrail", region=region)
    given = {"IsMultiRegionTrail": True, "EnableLogFileValidation": True} | settings
    tags = [{"Key": "team", "Value": "detection"}]
    arn = cloudtrail.create_trail(Name=name, S3BucketName=bucket, TagsList=tags, **given)["TrailARN"]
    cloudtrail.start_logging(Name=arn)
    return arn
