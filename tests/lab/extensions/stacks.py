"""What a member's CloudFormation stack needs of the emulator.

MiniStack 1.5 takes pseudo parameters in conditions for their own names, so that a condition
on the account is never true. It finds a function's package only in a bucket of the same
account.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html
https://docs.aws.amazon.com/lambda/latest/api/API_FunctionCode.html
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import lambda_svc, s3
from ministack.services.cloudformation import changesets, engine, handlers, stacks

_PARTITION, _URL_SUFFIX = "aws", "amazonaws.com"


def install() -> None:
    """Extend the emulator."""
    _resolve_pseudo_parameters()
    _read_packages_of_other_accounts()


def _resolve_pseudo_parameters() -> None:
    evaluate = engine._evaluate_conditions

    def evaluate_conditions(template: dict[str, Any], params: dict[str, Any]) -> dict[str, bool]:
        pseudo = {
            "AWS::AccountId": get_account_id(),
            "AWS::Partition": _PARTITION,
            "AWS::Region": get_region(),
            "AWS::URLSuffix": _URL_SUFFIX,
        }
        return evaluate(template, {name: {"Value": value} for name, value in pseudo.items()} | params)

    for module in (engine, changesets, handlers, stacks):
        module._evaluate_conditions = evaluate_conditions


def _read_packages_of_other_accounts() -> None:
    fetch = lambda_svc._fetch_code_from_s3

    def fetch_code(bucket: str, key: str, version_id: str | None = None) -> bytes | None:
        account = get_account_id()
        owner = s3._bucket_owner_account(bucket)
        if owner in (None, account):
            return fetch(bucket, key, version_id=version_id)
        if not s3._foreign_bucket_allows(owner, bucket, key, "GET", {}, account):
            return None
        with request_scope(owner, get_region()):
            return fetch(bucket, key, version_id=version_id)

    lambda_svc._fetch_code_from_s3 = fetch_code
