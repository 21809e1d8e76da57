"""The drill, trailkeeper-drill, as somebody of the lab runs it."""

from __future__ import annotations

import os
from pathlib import Path

from .aws import Aws
from .paths import DRILL
from .progress import LabError

# What no drill of the lab may take from the shell.
_IN_THE_WAY = ("AWS_", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def environment(aws: Aws) -> dict[str, str]:
    """Credentials and endpoint of somebody, where every AWS client looks for them."""
    credentials = aws.credentials
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(_IN_THE_WAY)}
    given = {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        "AWS_ACCESS_KEY_ID": credentials.access_key_id,
        "AWS_SECRET_ACCESS_KEY": credentials.secret_access_key,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    if credentials.session_token:
        given["AWS_SESSION_TOKEN"] = credentials.session_token
    return kept | given


def find_drill(path: Path = DRILL) -> Path:
    """The binary."""
    if not path.is_file():
        raise LabError(f"there is no drill {path}; build it with `make {DRILL.relative_to(DRILL.parents[2])}`")
    return path.resolve()
