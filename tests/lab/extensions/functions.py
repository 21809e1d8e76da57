"""The running instances of a function: a change ends its own only, and all of them.

https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core import lambda_runtime
from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc

_MADE_OF = ("CodeSha256", "Environment", "Handler", "MemorySize", "Role", "Runtime", "Timeout")


def install() -> None:
    """Extend how instances end, and how one is found for an event."""
    end_instances, acquire = lambda_svc.invalidate_worker, lambda_svc.acquire_worker

    def of_this_account(
        name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None
    ) -> None:
        """MiniStack 1.5 ends those of every function of that name, in whatever account."""
        end_instances(name, qualifier=qualifier, account=account or get_account_id(), region=region or get_region())

    def current(name: str, config: dict[str, Any], code: bytes, qualifier: str = "$LATEST", *others: Any) -> tuple:
        """MiniStack 1.5 may start one for an event that waited as the function was then, and keep it."""
        found = lambda_svc._functions.get(name) if qualifier == "$LATEST" else None
        if found and found["config"]["FunctionArn"] == config.get("FunctionArn"):
            config, code = found["config"], found.get("code_zip") or code
        made_of = json.dumps([config.get(part) for part in _MADE_OF], sort_keys=True, default=str)
        while True:
            worker, how = acquire(name, config, code, qualifier, *others)
            if worker is None or getattr(worker, "made_of", made_of) == made_of:
                if worker is not None:
                    worker.made_of = made_of
                return worker, how
            with lambda_runtime._lock:
                for instances in lambda_runtime._workers.values():
                    if worker in instances:
                        instances.remove(worker)
            lambda_runtime.kill_workers([worker])

    lambda_svc.invalidate_worker = of_this_account
    lambda_svc.acquire_worker = current
