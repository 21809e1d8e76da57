"""Every identity policy that is deployed, and the policies of the module service-control-policy, in parliament's eyes.

No finding without a reason written here. Resource policies are no matter of it: what they let in
is pinned by the Terraform tests.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from e2e.guarded import Guarded
from lab.aws import Aws
from lab.paths import INFRA, REPOSITORY

PARLIAMENT = REPOSITORY / "target" / "venv-parliament" / "bin" / "parliament"
_BUCKET_SETTINGS = ("PutBucketPolicy", "PutLifecycleConfiguration")
# By issue, and what the finding names. What AWS says: https://docs.aws.amazon.com/service-authorization/latest/reference/
REASONS: dict[tuple[str, str], str] = {
    ("UNKNOWN_ACTION", "cloudtrail:PutEventConfiguration"): "newer than parliament's list",
    ("RESOURCE_MISMATCH", "logs:DescribeLogGroups"): "AWS asks for log-group::log-stream: of the account and region",
    ("RESOURCE_MISMATCH", "dynamodb:GetResourcePolicy"): "AWS has it of tables too; parliament knows streams",
    **dict.fromkeys(
        (("RESOURCE_POLICY_PRIVILEGE_ESCALATION", f"s3:{call}") for call in _BUCKET_SETTINGS),
        "who puts a bucket's policy and lifecycle back can set them: docs/evidence.md says what that means",
    ),
    (
        "UNKNOWN_CONDITION_FOR_ACTION",
        "kms:ResourceAliases",
    ): "AWS has it for all operations on a key; parliament takes it from a table that names it nowhere",
}


def findings(document: Any) -> list[dict[str, Any]]:
    """What parliament says of a policy, but for a condition that makes it fail: its key takes several ARNs."""
    document = json.loads(document) if isinstance(document, str) else document
    for statement in document["Statement"]:
        if "events:TargetArn" in json.dumps(statement.get("Condition", {})):
            del statement["Condition"]
    text = json.dumps(document)
    answer = subprocess.run(
        [PARLIAMENT, "--json", "--string", text], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert "Traceback" not in answer.stderr, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines() if line.strip()]


def _of_roles(aws: Aws) -> Iterator[tuple[str, Any]]:
    iam = aws.client("iam")
    for role in iam.list_roles()["Roles"]:
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            found = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)
            yield role["RoleName"], found["PolicyDocument"]


def unexplained(document: Any) -> list[str]:
    """The findings without a reason."""
    return [
        json.dumps(finding)
        for finding in findings(document)
        if not any(finding["issue"] == issue and what in json.dumps(finding) for issue, what in REASONS)
    ]


def test_parliament_is_there() -> None:
    assert PARLIAMENT.exists(), "run `make target/venv-parliament/ready`"


def test_it_finds_what_is_wrong() -> None:
    statement = {"Effect": "Allow", "Action": "s3:PutObjekt", "Resource": "arn:aws:s3:::bucket/*"}
    assert findings({"Version": "2012-10-17", "Statement": [statement]})


def test_the_deployed_roles(guarded_account: Guarded) -> None:
    found = {name: unexplained(document) for name, document in _of_roles(guarded_account.lab.root)}
    assert {
        guarded_account.role_name,
        guarded_account.understudy_role_name,
        "trailkeeper-sweep",
        "trailkeeper-sweep-understudy",
    } <= found.keys()
    wrong = [f"{name}: {text}" for name, texts in found.items() for text in texts]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("name", ["content", "surroundings_content", "boundary_json"])
def test_what_keeps_administrators_off(guarded_account: Guarded, name: str) -> None:
    terraform = guarded_account.lab.terraform_in(f"policies-{name}", guarded_account.lab.admin)
    given = {
        "targets": None,
        "trail_names": ["audit"],
        "evidence_arns": ["arn:aws:s3:::audit-logs-*", "arn:aws:logs:*:*:log-group:audit"],
        "exempt_principals": ["arn:aws:iam::*:role/deploy"],
        "hub_account_id": "111122223333",
        "member_responders": True,
        "freeze_subscriptions": True,
    }
    terraform.write(INFRA / "modules" / "service-control-policy", given)
    terraform.init()
    wrong = unexplained(terraform.apply()["outputs"][name])
    assert not wrong, "\n".join(wrong)
