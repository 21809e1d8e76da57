"""The IAM users of the lab."""

from __future__ import annotations

import json
from typing import Any

from .aws import Aws, Credentials

EVERYTHING: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "*", "Resource": "*"}]
CLOUDTRAIL_ONLY: list[dict[str, Any]] = [{"Effect": "Allow", "Action": "cloudtrail:*", "Resource": "*"}]


def create_user(root: Aws, name: str, statements: list[dict[str, Any]]) -> Credentials:
    """An IAM user with an inline policy (none, if there are no statements) and a key."""
    iam = root.client("iam")
    iam.create_user(UserName=name)
    if statements:
        document = {"Version": "2012-10-17", "Statement": statements}
        iam.put_user_policy(UserName=name, PolicyName=name, PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(name, key["AccessKeyId"], key["SecretAccessKey"])
