"""The gateway forwards what was signed, byte for byte."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from lab.paths import REPOSITORY
from lab.processes import clean_environment

SCOPE = "AKIAEXAMPLE/20260101/eu-west-1/{}/aws4_request"


class Upstream:
    """Keeps the raw bytes of requests and answers each with the same bytes."""

    def __init__(self, answer: bytes) -> None:
        self.requests: list[bytes] = []
        self._answer = answer

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lowered = head.lower()
                body = b""
                if b"content-length:" in lowered:
                    length = int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])
                    body = await reader.readexactly(length)
                # The gateway's own questions (who is this key?) are no part of what is forwarded.
                if b"AKIAEXAMPLE/" in head or b"AKIAEXAMPLE%2F" in head:
                    self.requests.append(head + body)
                writer.write(self._answer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


@asynccontextmanager
async def gateway(answer: bytes) -> AsyncIterator[tuple[Upstream, int]]:
    """A gateway process in front of a raw upstream."""
    upstream = Upstream(answer)
    server = await asyncio.start_server(upstream.serve, "127.0.0.1", 0, limit=1 << 24)
    port = server.sockets[0].getsockname()[1]
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "lab.gateway",
        "--upstream",
        f"http://127.0.0.1:{port}",
        env=clean_environment(PYTHONPATH=str(REPOSITORY / "tests")),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), 20)
        yield upstream, int(json.loads(line)["url"].rsplit(":", 1)[1])
    finally:
        process.terminate()
        await process.wait()
        server.close()


async def exchange(port: int, raw: bytes) -> bytes:
    """Send raw bytes, read one answer with its body."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(raw)
    await writer.drain()
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 10)
    length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
    body = await reader.readexactly(length)
    writer.close()
    return head + body


def _request(method: str, target: str, service: str, body: bytes, *extra: str) -> bytes:
    lines = [
        f"{method} {target} HTTP/1.1",
        "Host: some.host.example:1234",
        f"Authorization: AWS4-HMAC-SHA256 Credential={SCOPE.format(service)}, SignedHeaders=host, Signature=abc",
        "X-Amz-Date: 20260101T000000Z",
        f"Content-Length: {len(body)}",
        *extra,
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


REQUESTS = {
    "json": _request(
        "POST",
        "/",
        "cloudtrail",
        b'{"Name": "a\\u00e9b"}',
        "X-Amz-Target: CloudTrail.StopLogging",
        "Content-Type: application/x-amz-json-1.1",
    ),
    "odd path and query": _request("GET", "/b/a%20b%2Fc//d/%C3%BC.txt?x-id=GetObject&b=%2b&a=&empty", "s3", b""),
    "dots": _request("GET", "/2015-03-31/functions/a%2E%2E/../b", "lambda", b""),
    "gzip": _request(
        "POST",
        "/",
        "monitoring",
        b"\x1f\x8b\x08\x00garbage",
        "Content-Encoding: gzip",
        "X-Amz-Target: Granite.PutMetricData",
    ),
    "large": _request("PUT", "/b/k", "s3", b"\x00\xff" * 1_500_000, "Content-Type: application/octet-stream"),
    "presigned": (
        f"GET /b/k?X-Amz-Credential={SCOPE.format('s3').replace('/', '%2F')}&X-Amz-Signature=abc HTTP/1.1\r\n"
        "Host: h:1\r\n\r\n"
    ).encode(),
}


@pytest.mark.parametrize("name", REQUESTS, ids=lambda text: text.replace(" ", "-"))
def test_a_signed_request_arrives_untouched(name: str) -> None:
    async def run() -> tuple[bytes, bytes]:
        async with gateway(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}") as (upstream, port):
            answer = await exchange(port, REQUESTS[name])
            return upstream.requests[-1], answer

    arrived, answer = asyncio.run(run())
    sent_head, _, sent_body = REQUESTS[name].partition(b"\r\n\r\n")
    head, _, body = arrived.partition(b"\r\n\r\n")
    sent_lines, lines = sent_head.split(b"\r\n"), head.split(b"\r\n")
    assert lines[0] == sent_lines[0], "method, path and query"
    assert body == sent_body
    added = set(lines[1:]) - set(sent_lines[1:])
    assert set(sent_lines[1:]) <= set(lines[1:]), "every header as it was"
    assert added <= {b"X-Forwarded-Proto: https", b"Content-Length: 0"}
    assert answer.endswith(b"\r\n\r\n{}")


def test_an_answer_comes_back_untouched() -> None:
    body = b'{"__type":"X","message":"\xc3\xa9"}'
    raw = (
        b"HTTP/1.1 404 Not Found\r\nContent-Type: application/x-amz-json-1.1\r\nX-Amzn-RequestId: r-1\r\n"
        b"X-Odd: a\r\nX-Odd: b\r\nContent-Length: " + str(len(body)).encode() + b"\r\n\r\n" + body
    )

    async def run() -> bytes:
        async with gateway(raw) as (_, port):
            return await exchange(port, REQUESTS["json"])

    answer = asyncio.run(run())
    assert answer.startswith(b"HTTP/1.1 404 ")
    assert answer.endswith(body)
    assert answer.count(b"X-Odd: ") == 2
    assert b"X-Amzn-RequestId: r-1" in answer
