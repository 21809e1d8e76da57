"""Applies every example of infra/ in an account of its own, all at once, beside the other tests."""

from __future__ import annotations

import json
import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from e2e.trail_state import read_state
from lab.aws import Aws
from lab.paths import INFRA
from lab.progress import LabError, Progress
from lab.session import Lab, host_architecture
from lab.terraform import Terraform

FIRST_ACCOUNT = 222200000000
NAMES = sorted(path.parent.name for path in (INFRA / "examples").glob("*/main.tf"))
# Its bucket holds a log when it is to be destroyed.
KEPT = "single-account"


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
        self._pool = ThreadPoolExecutor(max_workers=5, thread_name_prefix="example")
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
        example.prepared = _prepare(example)
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
            }.items()
            if name in example.terraform.declared_variables()
        }
        example.terraform.set_variables(variables)
        example.terraform.init()
        example.outputs = example.terraform.apply()
        return example


class _Silent:
    """A stream for the progress of what runs beside the tests."""

    def write(self, _text: str) -> int:
        return 0

    def flush(self) -> None:
        return None

    def isatty(self) -> bool:
        return False


def _prepare(example: Example) -> dict[str, str]:
    """Trails and a topic that are already there, for the examples that want them."""
    if example.name not in ("existing-trail", "responder-only"):
        return {}
    bucket = f"old-logs-{example.account}"
    example.aws.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": example.aws.region}
    )
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


def _make_trail(example: Example, name: str, bucket: str) -> str:
    cloudtrail = example.aws.client("cloudtrail")
    arn = cloudtrail.create_trail(
        Name=name,
        S3BucketName=bucket,
        IsMultiRegionTrail=True,
        EnableLogFileValidation=True,
        TagsList=[{"Key": "team", "Value": "detection"}],
    )["TrailARN"]
    cloudtrail.start_logging(Name=arn)
    return arn
