"""Applies every example of infra/ in an account of its own, all at once, beside the other tests."""

from __future__ import annotations

import shutil
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from lab.aws import Aws
from lab.paths import INFRA
from lab.progress import Progress
from lab.session import Lab, host_architecture
from lab.terraform import Terraform

FIRST_ACCOUNT = 222200000000


@dataclass
class Example:
    """An example, its account, and how it went."""

    name: str
    aws: Aws
    account: str
    terraform: Terraform
    prepared: dict[str, str] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)


class Examples:
    """All examples."""

    def __init__(self, lab: Lab, progress: Progress) -> None:
        self._lab = lab
        self._progress = progress
        self._pool = ThreadPoolExecutor(max_workers=5, thread_name_prefix="example")
        self._futures: dict[str, Future[Example]] = {}
        self.names = sorted(path.parent.name for path in (INFRA / "examples").glob("*/main.tf"))

    def start(self) -> None:
        """Copy infra/ (Terraform writes beside what it reads) and begin."""
        copy = self._lab.directory / "examples" / "infra"
        shutil.copytree(INFRA, copy, ignore=shutil.ignore_patterns(".terraform", "*.tfstate*", ".terraform.lock.hcl"))
        for number, name in enumerate(self.names, start=1):
            account = str(FIRST_ACCOUNT + number)
            aws = self._lab.as_account(account)
            log = self._lab.directory / f"terraform-{name}.log"
            terraform = Terraform(copy / "examples" / name, aws, Progress(_Silent()), log)
            example = Example(name, aws, account, terraform)
            self._futures[name] = self._pool.submit(self._apply, example)
        self._progress.say(f"applying {len(self.names)} examples in accounts of their own, beside the tests")

    def get(self, name: str) -> Example:
        """An applied example; raises what its apply raised."""
        return self._futures[name].result(timeout=400)

    def destroy(self, names: list[str]) -> dict[str, Future[Example]]:
        """Begin to destroy some, side by side."""
        return {name: self._pool.submit(self._destroy, name) for name in names}

    def _destroy(self, name: str) -> Example:
        example = self.get(name)
        example.terraform.destroy()
        return example

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
    """A trail and a topic that are already there, for the examples that want them."""
    if example.name not in ("existing-trail", "responder-only"):
        return {}
    bucket = f"old-logs-{example.account}"
    example.aws.client("s3").create_bucket(
        Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": example.aws.region}
    )
    cloudtrail = example.aws.client("cloudtrail")
    trail_arn = cloudtrail.create_trail(Name="old-trail", S3BucketName=bucket, IsMultiRegionTrail=True)["TrailARN"]
    cloudtrail.start_logging(Name=trail_arn)
    topic_arn = example.aws.client("sns").create_topic(Name="old-topic")["TopicArn"]
    return {"trail_arn": trail_arn, "topic_arn": topic_arn, "bucket": bucket}
