"""UpdateFunctionConfiguration ends the running instances of its own function only.

MiniStack 1.5 ends those of every function of that name, in whatever account.
https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import lambda_svc


def install() -> None:
    """Extend the call."""
    end_instances = lambda_svc.invalidate_worker

    def of_this_account(
        name: str, qualifier: str | None = None, account: str | None = None, region: str | None = None
    ) -> None:
        end_instances(name, qualifier=qualifier, account=account or get_account_id(), region=region or get_region())

    lambda_svc.invalidate_worker = of_this_account
