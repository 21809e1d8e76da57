"""The last of all tests: terraform destroy is not fought, and leaves nothing."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from e2e.guarded import Guarded
from lab.aws import Aws
from lab.inbox import delete_inbox

LISTS: dict[str, Callable[[Aws], list]] = {
    "trails": lambda a: a.client("cloudtrail").describe_trails()["trailList"],
    "buckets": lambda a: [
        bucket for bucket in a.client("s3").list_buckets()["Buckets"] if not bucket["Name"].startswith("attackers-")
    ],
    "topics": lambda a: a.client("sns").list_topics()["Topics"],
    "queues": lambda a: a.client("sqs").list_queues().get("QueueUrls", []),
    "functions": lambda a: a.client("lambda").list_functions()["Functions"],
    "roles": lambda a: a.client("iam").list_roles()["Roles"],
    "rules": lambda a: a.client("events").list_rules()["Rules"],
    "parameters": lambda a: a.client("ssm").describe_parameters()["Parameters"],
    "tables": lambda a: a.client("dynamodb").list_tables()["TableNames"],
    "schedules": lambda a: a.client("scheduler").list_schedules()["Schedules"],
    "schedule groups": lambda a: [
        group for group in a.client("scheduler").list_schedule_groups()["ScheduleGroups"] if group["Name"] != "default"
    ],
    "alarms": lambda a: a.client("cloudwatch").describe_alarms()["MetricAlarms"],
    "log groups": lambda a: a.client("logs").describe_log_groups()["logGroups"],
    "key aliases": lambda a: [
        alias for alias in a.client("kms").list_aliases()["Aliases"] if not alias["AliasName"].startswith("alias/aws/")
    ],
    "usable keys": lambda a: [
        key
        for key in a.client("kms").list_keys()["Keys"]
        if a.client("kms").describe_key(KeyId=key["KeyId"])["KeyMetadata"]["KeyState"] != "PendingDeletion"
    ],
}


@pytest.fixture(scope="module")
def destroyed(guarded_account: Guarded) -> tuple[Guarded, float]:
    """The main account after terraform destroy. Logs in the bucket go too: the lab says force_destroy_logs."""
    bucket = guarded_account.lab.outputs["trail_bucket_name"]
    guarded_account.lab.admin.client("s3").put_object(Bucket=bucket, Key="AWSLogs/log.json.gz", Body=b"log")
    guarded_account.inbox.close()
    delete_inbox(guarded_account.lab.admin, guarded_account.lab.inbox_url)
    since = time.time()
    guarded_account.lab.terraform.destroy()
    return guarded_account, since


def test_destroy_is_not_fought(destroyed: tuple[Guarded, float]) -> None:
    """Law 5: the triggers go before the trail does, and nothing brings it back."""
    guarded, since = destroyed
    assert guarded.lab.terraform.state() == []
    assert guarded.writes(since) == []
    assert guarded.stays(lambda: guarded.state() == {"exists": False}, 3)


@pytest.mark.parametrize("what", LISTS)
def test_nothing_is_left(destroyed: tuple[Guarded, float], what: str) -> None:
    assert LISTS[what](destroyed[0].lab.admin) == []
