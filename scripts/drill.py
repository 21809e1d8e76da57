"""A drill: stops a guarded trail, and waits until somebody has started it again.

    drill.py TRAIL_ARN [--budget SECONDS] [--yes]

Region and credentials come from the environment, as for every AWS client. Exit code 0:
the trail logs again and the drill did not start it. 1: it does not, or the drill had to.
"""

from __future__ import annotations

import argparse
import re
import sys
import time
from typing import Any, Protocol

ARN = re.compile(r"arn:aws[a-z-]*:cloudtrail:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):trail/(?P<name>[\w.-]{3,128})")
PAUSE = 1.0


class CloudTrail(Protocol):
    """What the drill needs of boto3's client."""

    def get_trail_status(self, *, Name: str) -> dict[str, Any]: ...
    def stop_logging(self, *, Name: str) -> dict[str, Any]: ...
    def start_logging(self, *, Name: str) -> dict[str, Any]: ...


def drill(cloudtrail: CloudTrail, arn: str, budget: float) -> int:
    """Stop, wait, and leave no trail stopped whatever happens."""
    if not cloudtrail.get_trail_status(Name=arn)["IsLogging"]:
        print(f"{arn} does not log. That is no drill: heal it, then find out why nobody else did.")
        return 1
    print(f"Stopping {arn} ...")
    restored = False
    stopped_at = time.monotonic()
    try:
        # Inside: a call that timed out may have stopped the trail.
        cloudtrail.stop_logging(Name=arn)
        while not restored and time.monotonic() - stopped_at < budget:
            time.sleep(PAUSE)
            restored = bool(cloudtrail.get_trail_status(Name=arn)["IsLogging"])
    finally:
        if not restored:
            cloudtrail.start_logging(Name=arn)
            print("The drill has started the trail again itself.", file=sys.stderr)
    seconds = time.monotonic() - stopped_at
    if restored:
        print(f"PASSED: the trail logs again, {seconds:.0f} s after the call.")
        print("Next: look for the notice. It must name you, and tell of a restoration.")
        return 0
    print(f"FAILED: nobody started the trail within {budget:.0f} s.")
    print("Next: the alarms, the function's log and its dead-letter queue; docs/operations.md says how to read them.")
    return 1


def main() -> int:
    """Ask, then drill."""
    parser = argparse.ArgumentParser(description="Stop a guarded trail and see that it is started again.")
    parser.add_argument("trail_arn")
    parser.add_argument("--budget", type=float, default=120, help="seconds to wait (default: 120)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    arguments = parser.parse_args()
    arn = ARN.fullmatch(arguments.trail_arn)
    if not arn:
        parser.error(f"{arguments.trail_arn!r} is no trail's ARN, arn:aws:cloudtrail:REGION:ACCOUNT:trail/NAME")
    if not arguments.yes:
        print(f"This stops the trail {arn['name']} of account {arn['account']} until somebody starts it again.")
        print("What happens meanwhile is not in its log. People will be told of an attack.")
        if not sys.stdin.isatty() or input(f"Type the trail's name, {arn['name']}, to go on: ") != arn["name"]:
            print("Nothing was done. Without a terminal: make drill TRAIL_ARN=... YES=1")
            return 1
    # Late, so that a wrong argument is told without it.
    import boto3

    return drill(boto3.client("cloudtrail", region_name=arn["region"]), arguments.trail_arn, arguments.budget)


if __name__ == "__main__":
    sys.exit(main())
