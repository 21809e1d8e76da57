"""The role of a pipeline that deploys with Terraform: one whose changes are expected."""

from __future__ import annotations

import json

from lab.actors import EVERYTHING
from lab.aws import Aws, Credentials

PIPELINE_ROLE = "deploy-pipeline"


def create_pipeline_role(root: Aws) -> str:
    """A role that may do everything, for whoever may assume roles in the account; its ARN."""
    account = root.credentials.access_key_id
    trusted = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "sts:AssumeRole"}
    iam = root.client("iam")
    role = iam.create_role(
        RoleName=PIPELINE_ROLE, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trusted]})
    )["Role"]
    iam.put_role_policy(
        RoleName=PIPELINE_ROLE,
        PolicyName=PIPELINE_ROLE,
        PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": EVERYTHING}),
    )
    return role["Arn"]


def as_pipeline(admin: Aws, role_arn: str) -> Aws:
    """A session of that role, as a pipeline has one per run."""
    given = admin.client("sts").assume_role(RoleArn=role_arn, RoleSessionName="run-4711")["Credentials"]
    return admin.as_(Credentials(PIPELINE_ROLE, given["AccessKeyId"], given["SecretAccessKey"], given["SessionToken"]))
