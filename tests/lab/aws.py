"""boto3 clients for the people of the lab."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config


@dataclass(frozen=True)
class Credentials:
    """A key pair, and whose it is."""

    name: str
    access_key_id: str
    secret_access_key: str
    session_token: str | None = None


@dataclass(frozen=True)
class Aws:
    """The emulated AWS as one caller sees it."""

    endpoint_url: str
    region: str
    credentials: Credentials

    def client(self, service: str, *, region: str | None = None, retries: int = 3) -> Any:
        """A client of a service."""
        return boto3.Session().client(
            service,
            endpoint_url=self.endpoint_url,
            region_name=region or self.region,
            aws_access_key_id=self.credentials.access_key_id,
            aws_secret_access_key=self.credentials.secret_access_key,
            aws_session_token=self.credentials.session_token,
            config=Config(
                retries={"mode": "standard", "max_attempts": retries},
                connect_timeout=5,
                read_timeout=60,
                max_pool_connections=60,
            ),
        )

    def as_(self, credentials: Credentials) -> Aws:
        """The same AWS for another caller."""
        return Aws(self.endpoint_url, self.region, credentials)
