"""The policies of a user or a role, read from the emulator (groups and permissions boundaries left out)."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from .emulator_api import EmulatorApi


def read_document(document: Any) -> dict[str, Any]:
    """A policy as IAM answers it: a document, or its URL-encoded text."""
    return json.loads(unquote(document)) if isinstance(document, str) else document


async def policies_of(emulator: EmulatorApi, kind: str, name: str | None, account: str) -> list[dict[str, Any]]:
    """Inline and attached policies of a User or a Role."""

    async def iam(operation: str, params: dict[str, Any]) -> dict[str, Any]:
        return await emulator.call("iam", operation, params, account=account, region="us-east-1")

    documents = []
    for policy in (await iam(f"List{kind}Policies", {f"{kind}Name": name}))["PolicyNames"]:
        found = await iam(f"Get{kind}Policy", {f"{kind}Name": name, "PolicyName": policy})
        documents.append(found["PolicyDocument"])
    for policy in (await iam(f"ListAttached{kind}Policies", {f"{kind}Name": name}))["AttachedPolicies"]:
        arn = policy["PolicyArn"]
        version = (await iam("GetPolicy", {"PolicyArn": arn}))["Policy"]["DefaultVersionId"]
        found = await iam("GetPolicyVersion", {"PolicyArn": arn, "VersionId": version})
        documents.append(found["PolicyVersion"]["Document"])
    return [read_document(document) for document in documents]
