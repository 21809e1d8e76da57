"""CloudFormation stacks in the emulator: conditions on the account, packages of another account."""

from __future__ import annotations

import io
import json
import time
import zipfile
from typing import Any

from unit.accounts import REGION
from unit.cross_account import Organization, make_role

_TRUST = {"Principal": {"Service": "lambda.amazonaws.com"}}


def _deploy(client: Any, name: str, template: dict[str, Any]) -> dict[str, str]:
    client.create_stack(StackName=name, TemplateBody=json.dumps(template))
    while client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"] == "CREATE_IN_PROGRESS":
        time.sleep(0.05)
    found = client.describe_stack_resources(StackName=name)["StackResources"]
    return {each["LogicalResourceId"]: each["ResourceStatus"] for each in found}


def test_a_condition_knows_where_it_is(organization: Organization) -> None:
    pseudo = {"AccountId": organization.member, "Region": REGION, "Partition": "aws", "URLSuffix": "amazonaws.com"}
    template = {
        "Conditions": {
            name: {"Fn::Equals": [{"Ref": f"AWS::{name}"}, value]}
            for name, value in [*pseudo.items(), ("Elsewhere", "111111111111")]
        },
        "Resources": {
            name: {"Type": "AWS::SQS::Queue", "Condition": name, "Properties": {"QueueName": f"in-{name}"}}
            for name in [*pseudo, "Elsewhere"]
        },
    }
    made = _deploy(organization.admin(organization.member, "cloudformation"), "conditions", template)
    assert made == dict.fromkeys(pseudo, "CREATE_COMPLETE")


def test_a_package_comes_from_another_account_if_its_bucket_allows_it(organization: Organization) -> None:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("bootstrap", "#!/bin/sh\n")
    s3 = organization.admin(organization.hub, "s3")
    for bucket, owner in {"open-packages": organization.id, "closed-packages": "o-ofsomebodyelse"}.items():
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
        s3.put_object(Bucket=bucket, Key="package.zip", Body=package.getvalue())
        allowed = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{bucket}/*",
        }
        condition = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": owner}}}
        s3.put_bucket_policy(
            Bucket=bucket, Policy=json.dumps({"Version": "2012-10-17", "Statement": [allowed | condition]})
        )

    role = make_role(
        organization.admin(organization.member, "iam"),
        "packaged",
        _TRUST,
        {"Action": "logs:PutLogEvents", "Resource": "*"},
    )
    sizes = {}
    for bucket in ("open-packages", "closed-packages"):
        function = {
            "FunctionName": bucket,
            "Role": role,
            "Runtime": "provided.al2023",
            "Handler": "bootstrap",
            "Code": {"S3Bucket": bucket, "S3Key": "package.zip"},
        }
        template = {"Resources": {"Function": {"Type": "AWS::Lambda::Function", "Properties": function}}}
        _deploy(organization.admin(organization.member, "cloudformation"), bucket, template)
        client = organization.admin(organization.member, "lambda")
        sizes[bucket] = client.get_function_configuration(FunctionName=bucket)["CodeSize"]
    # The emulator makes the function nevertheless, where AWS fails the stack: it has no code.
    assert sizes == {"open-packages": len(package.getvalue()), "closed-packages": 0}
