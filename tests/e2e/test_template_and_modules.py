"""The stack sets' template is written by hand: it must say what the modules member and responder say.

Terraform applies the modules in moto, and renders the template for the same account with the same inputs.
Both are compared as declared, so that nothing depends on what moto keeps.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from e2e.account_contents import Applied, Contents, Stack
from e2e.organization_moto import REGION, moto_organization
from lab.environment import isolate
from lab.paths import INFRA
from lab.progress import Progress
from lab.terraform import Terraform

NAME = "trailkeeper"
HUB = "999988887777"
ARCHITECTURE = "arm64"
# Only the template has it: a member has no other way to tell that it is cut off.
UNFORWARDED = f"{NAME}-forwarding-dead-letters"


@dataclass
class Both:
    """The same account, by stack sets and by modules."""

    template: Contents
    modules: Contents


def _inputs(account: str) -> dict[str, dict[str, Any]]:
    """The calls of the modules, with the same trails, hub and settings."""
    trail = f"arn:aws:cloudtrail:{REGION}:{{account}}:trail/audit"
    guards = {"settings": True, "event_selectors": True, "insight_selectors": True, "tags": True}
    baseline = {
        "trail_arn": trail,
        "parameter_name": f"/trailkeeper/{NAME}/audit/1111",
        "parameter_path": f"/trailkeeper/{NAME}/audit",
        "can_be_recreated": True,
        "guards": guards,
        "cloud_watch_logs_role_arn": "arn:aws:iam::{account}:role/copy",
    }
    hub = {
        "role_arn": f"arn:aws:iam::{HUB}:role/{NAME}-responder",
        "bus_arn": f"arn:aws:events:{REGION}:{HUB}:event-bus/{NAME}",
        "external_id": "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11",
        "organization_id": "o-a1b2c3d4e5",
    }
    settings = {
        "architecture": ARCHITECTURE,
        "topic_arn": f"arn:aws:sns:{REGION}:{HUB}:{NAME}-alerts",
        "topic_kms_key_arn": f"arn:aws:kms:{REGION}:{HUB}:key/topic",
        "change_principals": [f"arn:aws:iam::{HUB}:role/pipeline"],
        "sweep_interval_minutes": 10,
    }
    responder = settings | {
        "package_bucket": "packages",
        "package_key": "package.zip",
        "documents": {baseline["parameter_name"]: "{}"},
    }
    return {
        "member-template": {"hub": hub, "baselines": [baseline], "responder": responder},
        "member": {"hub": hub, "baselines": [baseline]},
        "responder": settings
        | {
            "package": "package.zip",
            "baselines": [json.loads(json.dumps(baseline).replace("{account}", account))],
            # As infra/examples/member says.
            "peer_roles": [f"arn:aws:iam::{account}:role/{NAME}-remediation"],
            "understudy": False,
            # The templates bring no guard of the responder: docs/organization.md.
            "guard_responder": False,
        },
    }


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Both:
    """One apply for the two."""
    isolate()
    directory: Path = tmp_path_factory.mktemp("both")
    with zipfile.ZipFile(directory / "package.zip", "w") as package:
        package.writestr("bootstrap", "")
    with moto_organization() as organization:
        account = organization.accounts["shop"]
        terraform = Terraform(
            directory, organization.aws(account), Progress(io.StringIO()), directory / "terraform.log", quiet=True
        )
        terraform.write(INFRA, {})
        calls = {
            name: {"source": os.path.relpath(INFRA / "modules" / name, directory)} | given
            for name, given in _inputs(account).items()
        }
        configuration = {"module": calls, "output": {"body": {"value": "${module.member-template.body}"}}}
        (directory / "main.tf.json").write_text(json.dumps(configuration))
        terraform.init()
        body = terraform.apply()["body"]
        plan = terraform.planned_json()
    return Both(Stack(body, account, REGION).contents(), Applied(plan).contents())


def test_both_have_the_same_parts(both: Both) -> None:
    """No part may be missing on one side and so be compared with nothing."""
    parts = {"roles": 4, "rules": 2, "queues": 2, "queue_policies": 2}
    for part, number in parts.items():
        assert len(both.template[part]) == len(both.modules[part]) == number
    assert set(both.template["alarms"]) - set(both.modules["alarms"]) == {UNFORWARDED}
    assert set(both.modules["alarms"]) - set(both.template["alarms"]) == set()


@pytest.mark.parametrize(
    "role", [f"{NAME}-responder", f"{NAME}-remediation", f"{NAME}-sweep", f"{NAME}-forwarding-{REGION}"]
)
@pytest.mark.parametrize("what", ["trust", "statements", "session_seconds"])
def test_roles_may_the_same_and_trust_the_same(both: Both, role: str, what: str) -> None:
    assert both.template["roles"][role][what] == both.modules["roles"][role][what]


@pytest.mark.parametrize("what", ["name", "role", "runs", "limits", "environment", "log", "retries", "invoked_by"])
def test_the_function_is_the_same(both: Both, what: str) -> None:
    assert both.template["function"][what] == both.modules["function"][what]


@pytest.mark.parametrize("rule", [f"{NAME}-forwarding", f"{NAME}-trail-changes"])
def test_rules_match_the_same_and_send_it_to_the_same(both: Both, rule: str) -> None:
    assert both.template["rules"][rule] == both.modules["rules"][rule]


@pytest.mark.parametrize("part", ["queues", "queue_policies", "schedule", "table", "log_days"])
def test_the_rest_is_the_same(both: Both, part: str) -> None:
    assert both.template[part] == both.modules[part]


def test_alarms_ring_for_the_same(both: Both) -> None:
    alarms = {name: alarm for name, alarm in both.template["alarms"].items() if name != UNFORWARDED}
    assert alarms == both.modules["alarms"]


def test_the_alarm_of_the_template_alone_watches_the_forwarding_queue(both: Both) -> None:
    alarm = both.template["alarms"][UNFORWARDED]
    assert alarm["dimensions"] == {"QueueName": UNFORWARDED}
    assert UNFORWARDED in both.template["queues"]
