"""The state of the services that Trailkeeper uses, kept and put back: `/_lab/snapshot`, `/_lab/restore`.

A restored emulator is as it was, of all accounts; its functions start cold, and what was
under way is given up. Nothing in AWS answers that.
"""

from __future__ import annotations

import copy
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import AccountRegionScopedDict, AccountScopedDict
from ministack.services import (
    cloudtrail,
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    iam,
    kms,
    lambda_svc,
    s3,
    scheduler,
    sns,
    sqs,
    ssm,
)

from . import asynchronous, own_calls

_SERVICES = (
    cloudtrail,
    cloudwatch,
    cloudwatch_logs,
    dynamodb,
    eventbridge,
    iam,
    kms,
    lambda_svc,
    s3,
    scheduler,
    sns,
    sqs,
    ssm,
)
_kept: list[tuple[dict[Any, Any], dict[Any, Any]]] = []


def install() -> None:
    """Answer both calls."""
    own_calls.answer("snapshot", _keep)
    own_calls.answer("restore", _put_back)


def _stores() -> list[dict[Any, Any]]:
    """What the services keep by account; the rest of their state is caches and workers."""
    found = (value for service in _SERVICES for value in vars(service).values())
    stores = [value._data for value in found if isinstance(value, (AccountScopedDict, AccountRegionScopedDict))]
    return list({id(store): store for store in stores}.values())


def _keep(_query: dict[str, str]) -> dict[str, Any]:
    _kept[:] = [(store, copy.deepcopy(store)) for store in _stores()]
    return {"stores": len(_kept)}


def _put_back(_query: dict[str, str]) -> dict[str, Any]:
    asynchronous.abandon()
    lambda_runtime.reset()
    for store, kept in _kept:
        store.clear()
        store.update(copy.deepcopy(kept))
    return {"stores": len(_kept)}
