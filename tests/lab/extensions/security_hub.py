"""Security Hub, which MiniStack 1.5 does not have: enabling it, and findings of the account's own.

https://docs.aws.amazon.com/securityhub/latest/userguide/finding-update-batchimportfindings.html
https://docs.aws.amazon.com/securityhub/latest/userguide/securityhub-custom-providers.html
https://docs.aws.amazon.com/securityhub/latest/userguide/findings-workflow-status.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecurityhub.html
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import botocore.session
from botocore.validate import ParamValidator
from ministack import app
from ministack.core import iam_actions
from ministack.core.responses import get_account_id, get_region

_SERVICE = "securityhub"
_IMPORT = ("POST", "/findings/import")
# The limits that the API's model does not hold.
_LONGEST = {"Id": 512, "ProductArn": 2048, "GeneratorId": 512, "Title": 256, "Description": 1024}
_MOST_RESOURCES, _MOST_FACTS = 32, 50
# For whoever looks into a finding; a provider cannot change them.
_CUSTOMERS = {"Note", "UserDefinedFields", "VerificationState", "Workflow"}

Answer = tuple[int, dict[str, str], bytes]
# The findings by their id, of each account and region where it is enabled.
_hubs: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}


def install() -> None:
    """Add the service, and what IAM asks for."""
    assert _SERVICE not in app.SERVICE_HANDLERS, "the emulator knows Security Hub now"
    find = iam_actions.extract_resource_arn

    def resource_arn(service: str, method: str, path: str, headers: dict, body: bytes, *rest: Any) -> str:
        if service != _SERVICE:
            return find(service, method, path, headers, body, *rest)
        if (method, path) != _IMPORT:
            return f"arn:aws:securityhub:{get_region()}:{get_account_id()}:hub/default"
        findings = json.loads(body or b"{}").get("Findings") or [{}]
        return str(findings[0].get("ProductArn", "*"))

    iam_actions.extract_resource_arn = resource_arn
    iam_actions.SERVICE_TO_IAM_NAMESPACE[_SERVICE] = _SERVICE
    iam_actions._BOTOCORE_SERVICE_MAP[_SERVICE] = [_SERVICE]
    app.SERVICE_HANDLERS[_SERVICE] = _handle


async def _handle(method: str, path: str, headers: dict, body: bytes, query_params: dict) -> Answer:
    given = json.loads(body or b"{}")
    key = (get_account_id(), get_region())
    if (method, path) == ("POST", "/accounts"):
        _hubs.setdefault(key, {})
        return _answer(200, {})
    if key not in _hubs:
        message = f"Account {key[0]} is not subscribed to AWS Security Hub"
        return _answer(401, {"Message": message, "Code": "InvalidAccessException"}, "InvalidAccessException")
    if (method, path) == _IMPORT:
        return _answer(200, _import(_hubs[key], given.get("Findings", [])))
    if (method, path) == ("POST", "/findings"):
        return _answer(200, {"Findings": list(_hubs[key].values())})
    message = f"The lab does not know {method} {path}"
    return _answer(400, {"Message": message, "Code": "InvalidInputException"}, "InvalidInputException")


def _answer(status: int, content: dict[str, Any], error: str = "") -> Answer:
    headers = {"Content-Type": "application/json"} | ({"x-amzn-ErrorType": error} if error else {})
    return status, headers, json.dumps(content).encode()


def _import(known: dict[str, dict[str, Any]], findings: list[dict[str, Any]]) -> dict[str, Any]:
    failed = []
    for finding in findings:
        if why := _wrong(finding):
            failed.append({"Id": finding.get("Id", ""), "ErrorCode": "InvalidInput", "ErrorMessage": why})
        else:
            _take(known, finding)
    return {"FailedCount": len(failed), "SuccessCount": len(findings) - len(failed), "FailedFindings": failed}


def _wrong(finding: dict[str, Any]) -> str:
    """Why it is refused: the API's model, the documented limits, and whose finding it is."""
    model = botocore.session.get_session().get_service_model(_SERVICE)
    report = ParamValidator().validate(finding, model.shape_for("AwsSecurityFinding"))
    if report.has_errors():
        return report.generate_report()
    long = [name for name, most in _LONGEST.items() if not 1 <= len(finding[name]) <= most]
    if long or not 1 <= len(finding["Resources"]) <= _MOST_RESOURCES:
        return f"too long, or empty: {long or 'Resources'}"
    if len(finding.get("ProductFields", {})) > _MOST_FACTS:
        return "too many ProductFields"
    account, region = get_account_id(), get_region()
    if finding["AwsAccountId"] != account:
        return "the finding is another account's"
    if finding["ProductArn"] != f"arn:aws:securityhub:{region}:{account}:product/{account}/default":
        return "the product is not the account's own"
    return ""


def _take(known: dict[str, dict[str, Any]], finding: dict[str, Any]) -> None:
    """A new finding has the workflow status NEW, and so has one that was over and is not any more."""
    old = known.get(finding["Id"])
    if old is None:
        known[finding["Id"]] = {"Workflow": {"Status": "NEW"}, "RecordState": "ACTIVE"} | finding
        return
    if _time(finding) <= _time(old):
        return  # an update that is not newer is ignored
    new = old | {name: value for name, value in finding.items() if name not in _CUSTOMERS}

    def status(of: dict[str, Any]) -> str:
        return str(of.get("Compliance", {}).get("Status"))

    reopened = (old["RecordState"], new["RecordState"]) == ("ARCHIVED", "ACTIVE")
    failed_again = status(old) == "PASSED" and status(new) != "PASSED"
    if (reopened or failed_again) and old["Workflow"]["Status"] != "SUPPRESSED":
        new["Workflow"] = {"Status": "NEW"}
    known[finding["Id"]] = new


def _time(finding: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(finding["UpdatedAt"].replace("Z", "+00:00"))
