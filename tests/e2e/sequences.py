"""Random sequences of what an attacker with all of CloudTrail may do to a trail."""

from __future__ import annotations

import json
import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from e2e.guarded import Guarded
from e2e.trail_state import State, difference
from lab.terraform import Terraform

COUNT = 12
SEED = "TRAILKEEPER_SEQUENCES_SEED"
Step = tuple[str, dict[str, Any]]


@dataclass
class Ran:
    """One sequence and what came of it."""

    seed: int
    steps: list[str] = field(default_factory=list)
    left: list[dict[str, Any]] = field(default_factory=list)
    plan_differs: bool = True
    is_logging: bool = False
    problem: str = ""


def base_seed() -> int:
    """The environment's, so that a failure can be repeated; else another one each day."""
    given = os.environ.get(SEED)
    return int(given) if given else int(time.time()) // 86_400


def run_all(guarded: Guarded, terraform: Terraform) -> list[Ran]:
    """Run a dozen, each from the declared state."""
    base = base_seed()
    return [run(guarded, terraform, base * 1000 + number) for number in range(COUNT)]


def run(guarded: Guarded, terraform: Terraform, seed: int) -> Ran:
    """One sequence; then all deliveries, one sweep, and a look at what is left."""
    ran, chance = Ran(seed), random.Random(seed)
    try:
        guarded.reset()
        client = guarded.attacker()
        for _ in range(chance.randint(2, 7)):
            if disturbance := chance.choice(({}, {}, {}, {"drop_next": 1}, {"copies": 2}, {"delay_ms": 700})):
                guarded.switch(**{"drop_next": 0, "copies": 1, "delay_ms": 0} | disturbance)
            operation, given = random_step(chance, guarded)
            ran.steps.append(_call(client, operation, given, disturbance))
            time.sleep(chance.choice((0, 0, 0.05, 0.4)))
        guarded.switch(drop_next=0, copies=1, delay_ms=0)
        guarded.settle()
        guarded.sweep()
        guarded.settle()
        state: State = guarded.state()
        ran.left = difference(guarded.declared, state)
        ran.is_logging = state.get("is_logging", False)
        ran.plan_differs = terraform.differs("-target=aws_cloudtrail.this")
    except Exception as error:
        ran.problem = f"{type(error).__name__}: {error}"
    return ran


def _call(client: Any, operation: str, given: dict[str, Any], disturbance: dict[str, Any]) -> str:
    text = f"{operation} {json.dumps(given)} {disturbance or ''}"
    try:
        getattr(client, operation)(**given)
    except ClientError as error:
        return f"{text} -> {error.response['Error']['Code']}"
    return text


def random_step(chance: random.Random, guarded: Guarded) -> Step:
    """Any call of the attacker's, with any parameters that may do harm."""
    name, arn, account = guarded.trail_name, guarded.trail_arn, guarded.lab.account
    named = chance.choice((name, arn))
    steps: dict[Callable[[], Step], int] = {
        lambda: ("stop_logging", {"Name": named}): 3,
        lambda: ("start_logging", {"Name": named}): 1,
        lambda: ("update_trail", {"Name": named} | _random_settings(chance, account)): 4,
        lambda: ("put_event_selectors", {"TrailName": named} | _random_selectors(chance)): 4,
        lambda: ("put_insight_selectors", {"TrailName": named, "InsightSelectors": _random_insights(chance)}): 2,
        lambda: ("remove_tags", {"ResourceId": arn, "TagsList": [{"Key": chance.choice(("team", "owner", "new"))}]}): 1,
        lambda: (
            "add_tags",
            {"ResourceId": arn, "TagsList": [{"Key": chance.choice(("team", "new")), "Value": "x"}]},
        ): 1,
        lambda: ("delete_trail", {"Name": named}): 2,
        lambda: ("create_trail", {"Name": name, "S3BucketName": f"attackers-{account}"}): 2,
    }
    return chance.choices(list(steps), weights=list(steps.values()))[0]()


def _random_settings(chance: random.Random, account: str) -> dict[str, Any]:
    choices: list[dict[str, Any]] = [
        {"S3BucketName": f"attackers-{account}"},
        {"S3KeyPrefix": chance.choice(("", "elsewhere"))},
        {"SnsTopicName": chance.choice(("", "attackers-topic"))},
        {"KmsKeyId": chance.choice(("", "alias/attackers"))},
        {"IsMultiRegionTrail": False},
        {"IsMultiRegionTrail": False, "IncludeGlobalServiceEvents": False},
        {"EnableLogFileValidation": False},
        {"CloudWatchLogsLogGroupArn": "", "CloudWatchLogsRoleArn": ""},
        {"IsOrganizationTrail": True},
    ]
    settings: dict[str, Any] = {}
    for choice in chance.sample(choices, chance.randint(1, 4)):
        settings |= choice
    return settings


def _random_selectors(chance: random.Random) -> dict[str, Any]:
    if chance.random() < 0.5:
        selector: dict[str, Any] = {
            "ReadWriteType": chance.choice(("All", "ReadOnly", "WriteOnly")),
            "IncludeManagementEvents": chance.choice((True, False)),
        }
        if excluded := chance.choice(([], ["kms.amazonaws.com"], ["kms.amazonaws.com", "rdsdata.amazonaws.com"])):
            selector["ExcludeManagementEventSources"] = excluded
        return {"EventSelectors": [selector]}
    category = {"Field": "eventCategory", "Equals": [chance.choice(("Management", "Data"))]}
    read_only = {"Field": "readOnly", "Equals": [chance.choice(("true", "false"))]}
    fields = [category, read_only][: chance.randint(1, 2)]
    return {"AdvancedEventSelectors": [{"Name": "changed", "FieldSelectors": fields}]}


def _random_insights(chance: random.Random) -> list[dict[str, str]]:
    kinds = chance.sample(("ApiCallRateInsight", "ApiErrorRateInsight"), chance.randint(0, 2))
    return [{"InsightType": kind} for kind in kinds]
