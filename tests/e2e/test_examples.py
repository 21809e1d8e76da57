"""Every example of infra/ applies, works where it can be attacked, and goes away."""

from __future__ import annotations

import json
import time
from concurrent.futures import Future

import pytest

from e2e.examples import Example, Examples
from lab.gateway_process import wait_for
from lab.paths import INFRA
from lab.progress import LabError
from lab.session import Lab

KEPT = "single-account"
NAMES = sorted(path.parent.name for path in (INFRA / "examples").glob("*/main.tf"))


@pytest.fixture
def example(request: pytest.FixtureRequest, examples: Examples) -> Example:
    return examples.get(request.param)


@pytest.fixture(scope="module")
def destroying(examples: Examples) -> dict[str, Future[Example]]:
    """From here on all examples but one are being destroyed, side by side."""
    return examples.destroy([name for name in NAMES if name != KEPT])


def _stop(example: Example, trail_arn: str) -> float:
    since = time.time()
    example.aws.client("cloudtrail").stop_logging(Name=trail_arn)
    return since


def _logs(example: Example, trail_arn: str) -> bool:
    return example.aws.client("cloudtrail").get_trail_status(Name=trail_arn)["IsLogging"]


@pytest.mark.parametrize("name", NAMES)
def test_applies(examples: Examples, name: str) -> None:
    assert examples.get(name).terraform.state()


@pytest.mark.parametrize("example", [KEPT], indirect=True)
def test_a_new_trail_is_guarded(example: Example) -> None:
    arn = example.outputs["trail_arn"]
    assert arn.split(":")[4] == example.account
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)


@pytest.mark.parametrize("example", ["existing-trail"], indirect=True)
def test_an_existing_trail_is_guarded_and_the_queue_gets_the_notice(example: Example) -> None:
    arn = example.outputs["protected_trail_arns"][0]
    assert arn == example.prepared["trail_arn"]
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)
    sqs = example.aws.client("sqs")
    messages = wait_for(
        "the notice in the queue",
        lambda: sqs.receive_message(QueueUrl=example.outputs["notices_queue_url"], WaitTimeSeconds=1).get("Messages"),
        20,
    )
    notice = json.loads(json.loads(messages[0]["Body"])["Message"])
    assert notice["outcome"] == "restored"
    assert notice["trail"]["arn"] == arn


@pytest.mark.parametrize("example", ["responder-only"], indirect=True)
def test_a_responder_by_itself_guards(example: Example) -> None:
    arn = example.prepared["trail_arn"]
    _stop(example, arn)
    wait_for("a logging trail", lambda: _logs(example, arn), 20)


@pytest.mark.parametrize("example", [KEPT], indirect=True)
def test_accounts_do_not_touch_each_other(example: Example, lab: Lab) -> None:
    since = _stop(example, example.outputs["trail_arn"])
    deliveries = wait_for(
        "the delivery",
        lambda: lab.gateway.control.deliveries(event_name="StopLogging", since=since, account=example.account),
        20,
    )
    assert {d["target"].split(":")[4] for d in deliveries} == {example.account}
    assert lab.gateway.control.deliveries(since=since, account=lab.account) == []


@pytest.mark.usefixtures("destroying")
@pytest.mark.parametrize("example", [KEPT], indirect=True)
def test_a_bucket_with_logs_is_kept_unless_the_user_says_so(example: Example) -> None:
    terraform, s3 = example.terraform, example.aws.client("s3")
    bucket = s3.list_buckets()["Buckets"][0]["Name"]
    s3.put_object(Bucket=bucket, Key=f"AWSLogs/{example.account}/CloudTrail/log.json.gz", Body=b"evidence")
    with pytest.raises(LabError, match="BucketNotEmpty"):
        terraform.destroy()
    assert s3.get_object(Bucket=bucket, Key=f"AWSLogs/{example.account}/CloudTrail/log.json.gz")["Body"].read()

    terraform.set_variables(terraform.variables | {"force_destroy_logs": True})
    address = next(line for line in terraform.state() if ".aws_s3_bucket." in line)
    terraform.apply(f"-target={address}")
    terraform.destroy()
    assert s3.list_buckets()["Buckets"] == []


@pytest.mark.parametrize("name", [name for name in NAMES if name != KEPT])
def test_destroys(destroying: dict[str, Future[Example]], name: str) -> None:
    assert destroying[name].result(timeout=200).terraform.state() == []
