"""Who pays for a bucket's requests, as it is read.

https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetBucketRequestPayment.html
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

_QUERY = "requestPayment"


def install() -> None:
    """MiniStack 1.5 reads it under a name that nobody asks for, and lists the objects instead."""
    handle = s3.handle_request

    async def handle_request(
        method: str, path: str, headers: dict, body: bytes, query_params: dict, *others: Any, **named: Any
    ) -> tuple:
        if method == "GET" and _QUERY in query_params:
            query_params = query_params | {"request-payment": query_params[_QUERY]}
        return await handle(method, path, headers, body, query_params, *others, **named)

    s3.handle_request = handle_request
