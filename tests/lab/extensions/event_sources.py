"""A queue as a function's event source: Lambda reads it as the function's role.

MiniStack 1.5 asks no role, and does not compare the queue's visibility timeout with the
function's timeout. Partial batch responses it does as AWS.
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html
https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
"""

from __future__ import annotations

import logging
import time
from typing import Any

from ministack.core import iam_evaluator
from ministack.core.responses import error_response_json
from ministack.services import lambda_svc, sqs

_NEEDED = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
log = logging.getLogger("event_sources")


def install() -> None:
    """Extend CreateEventSourceMapping and the poller."""
    create, concurrency = lambda_svc._create_esm, lambda_svc._sqs_esm_concurrency

    def create_mapping(given: dict[str, Any]) -> tuple:
        return _refusal(given) or create(given)

    def allowed_batches(mapping: dict[str, Any], function: Any, config: dict[str, Any], queue: Any = None) -> int:
        missing = missing_permission(config["Role"], mapping["EventSourceArn"])
        if missing:
            log.error("%s is not read: %s lacks %s", mapping["EventSourceArn"], config["Role"], missing)
            return 0
        return concurrency(mapping, function, config, queue)

    lambda_svc._create_esm = create_mapping
    lambda_svc._sqs_esm_concurrency = allowed_batches


def missing_permission(role_arn: str, queue_arn: str) -> str | None:
    """The first permission that the role lacks to read a queue."""
    account, name = role_arn.split(":")[4], role_arn.rsplit("/", 1)[-1]
    policies = iam_evaluator._gather_role_policies(name, account)
    for action in _NEEDED:
        wanted = iam_evaluator.EvalContext(role_arn, "AssumedRole", account, action, queue_arn, queue_arn.split(":")[3])
        if iam_evaluator.evaluate(wanted, policies).decision != "Allow":
            return action
    return None


def _refusal(given: dict[str, Any]) -> tuple | None:
    arn = str(given.get("EventSourceArn", ""))
    if ":sqs:" not in arn:
        return None
    name, qualifier, unknown = lambda_svc._resolve_existing_esm_function(given.get("FunctionName", ""))
    if unknown:
        return unknown
    _, config = lambda_svc._get_func_record_for_qualifier(name, qualifier)
    if missing := missing_permission(config["Role"], arn):
        return _invalid(
            f"The provided execution role does not have permissions to call {missing.removeprefix('sqs:')} on SQS"
        )
    queue = sqs._queues.get(sqs._queue_url(arn.rsplit(":", 1)[-1])) or {}
    visible = int(queue.get("attributes", {}).get("VisibilityTimeout", 30))
    timeout = int(config.get("Timeout", 3))
    if visible < timeout:
        return _invalid(f"Queue visibility timeout: {visible} seconds is less than Function timeout: {timeout} seconds")
    return None


def unfinished(account: str) -> int:
    """Batches under way, and messages that wait for a function, in an account."""
    found = 0
    for owner, _, mapping in list(lambda_svc._iter_all_esms()):
        if owner == account and ":sqs:" in mapping.get("EventSourceArn", ""):
            found += lambda_svc._esm_inflight.get(mapping["UUID"], 0)
            found += _visible(mapping["EventSourceArn"])
    return found


def _visible(queue_arn: str) -> int:
    for queue in list(sqs._queues._data.values()):
        if queue.get("attributes", {}).get("QueueArn") == queue_arn:
            now = time.time()
            return sum(message.get("visible_at", 0) <= now for message in list(queue["messages"]))
    return 0


def _invalid(message: str) -> tuple:
    return error_response_json("InvalidParameterValueException", message, 400)
