"""The IAM users of the lab."""

from __future__ import annotations

import json
from typing import Any

from .aws import Aws, Credentials

EVERYTHING: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
CLOUDTRAIL_ONLY: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}]


def listener(topic_arn: str) -> list[dict[str, Any]]:
    """What a drill needs to follow the notice, beside what it does to the trail: as in docs/drill.md.

    But for the condition on Subscribe, whose keys the emulator does not know.
    """
    queue = topic_arn.replace(":sns:", ":sqs:").rsplit(":", 1)[0] + ":trailkeeper-drill-*"
    return [
        {"Effect": "Allow", "Action": "sns:Subscribe", "Resource": topic_arn},
        # AWS knows no resource for it; only the owner of the subscription or of the topic may.
        {"Effect": "Allow", "Action": "sns:Unsubscribe", "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": ["sqs:CreateQueue", "sqs:ReceiveMessage", "sqs:DeleteQueue"],
            "Resource": queue,
        },
    ]


def permit(admin: Aws, user: str, name: str, statements: list[dict[str, Any]]) -> None:
    """Give a user one more inline policy."""
    document = {"Version": "2012-10-17", "Statement": statements}
    admin.client("iam").put_user_policy(UserName=user, PolicyName=name, PolicyDocument=json.dumps(document))


def create_user(root: Aws, name: str, statements: list[dict[str, Any]]) -> Credentials:
    """An IAM user with an inline policy (none, if there are no statements) and a key."""
    iam = root.client("iam")
    iam.create_user(UserName=name)
    if statements:
        permit(root, name, name, statements)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(name, key["AccessKeyId"], key["SecretAccessKey"])
