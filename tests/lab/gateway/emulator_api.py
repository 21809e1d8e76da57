"""Calls that the gateway itself makes to the emulator, as an account's root.

A 12-digit access key id with the emulator's root secret is the root user of that
account. Built from botocore's serialiser, signer and parser, so that any operation
of any service can be called without blocking the event loop.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import aiohttp
from botocore import parsers, serialize
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from yarl import URL

from .operations import service_model


class EmulatorError(Exception):
    """The emulator answered with an error."""

    def __init__(self, operation: str, code: str, message: str) -> None:
        super().__init__(f"{operation}: {code}: {message}")
        self.code = code
        self.message = message


class EmulatorApi:
    """AWS operations of the emulator, each in a given account and region."""

    def __init__(self, upstream: str, root_secret: str, http: aiohttp.ClientSession) -> None:
        self._upstream = upstream.rstrip("/")
        self._secret = root_secret
        self._http = http

    async def unfinished(self, account: str) -> int:
        """Asynchronous runs of an account's functions that are not over; see lab/extensions/asynchronous.py."""
        async with self._http.get(f"{self._upstream}/_lab/unfinished", params={"account": account}) as response:
            return int((await response.json())["unfinished"])

    async def call(
        self, service: str, operation: str, params: dict[str, Any] | None = None, *, account: str, region: str
    ) -> dict[str, Any]:
        """Call one operation; raises EmulatorError for an error answer."""
        model = service_model(service)
        assert model is not None, f"botocore has no model of {service}"
        operation_model = model.operation_model(operation)
        protocol = model.resolved_protocol
        # Not validated here: the values may come from any client, and the emulator is the judge.
        serializer = serialize.create_serializer(protocol, include_validation=False)
        request = serializer.serialize_to_request(params or {}, operation_model)
        url = self._upstream + request["url_path"]
        if request["query_string"]:
            url += "?" + (
                request["query_string"]
                if isinstance(request["query_string"], str)
                else urlencode(request["query_string"])
            )
        body = request["body"]
        if isinstance(body, dict):
            body = urlencode(body)
        if isinstance(body, str):
            body = body.encode()
        signed = AWSRequest(method=request["method"], url=url, data=body, headers=dict(request["headers"]))
        signing_name = model.signing_name or service
        SigV4Auth(Credentials(account, self._secret), signing_name, region).add_auth(signed)
        headers = dict(signed.headers.items()) | {"X-Forwarded-Proto": "https"}  # see proxy.py
        async with self._http.request(
            signed.method,
            URL(url, encoded=True),
            data=body,
            headers=headers,
            skip_auto_headers=("User-Agent", "Content-Type"),
        ) as response:
            content = await response.read()
            try:
                parsed = parsers.create_parser(protocol).parse(
                    {
                        "headers": {key.lower(): value for key, value in response.headers.items()},
                        "status_code": response.status,
                        "body": content,
                    },
                    operation_model.output_shape,
                )
            except parsers.ResponseParserError as error:
                raise EmulatorError(operation, "UnreadableAnswer", str(error)) from error
        if response.status >= 400:
            error = parsed.get("Error", {})
            raise EmulatorError(operation, str(error.get("Code", response.status)), str(error.get("Message", "")))
        return parsed
