"""What a careful person writes by hand: start the trail, read it back, tell somebody.

Clients are made once. The one for the notice comes after the restoration, as it does
in the function that this is measured beside.
"""

from __future__ import annotations

import json
import os

import boto3

TOPIC = os.environ["TOPIC_ARN"]
TRAIL = os.environ["TRAIL_ARN"]

session = boto3.Session()
cloudtrail = session.client("cloudtrail")
sns = None


def handle(event: dict, _context: object) -> dict:
    global sns
    record = event["detail"]
    named = record["requestParameters"]["name"]
    if record.get("errorCode") or named not in (TRAIL, TRAIL.split("/")[-1]):
        return {"ignored": named}
    cloudtrail.start_logging(Name=TRAIL)
    status = cloudtrail.get_trail_status(Name=TRAIL)
    notice = {
        "trail": TRAIL,
        "is_logging": status["IsLogging"],
        "actor": record["userIdentity"].get("arn"),
        "time": record["eventTime"],
        "source": record["sourceIPAddress"],
    }
    if sns is None:
        sns = session.client("sns")
    sns.publish(TopicArn=TOPIC, Subject="CloudTrail was stopped", Message=json.dumps(notice))
    if not status["IsLogging"]:
        raise RuntimeError(f"{TRAIL} does not log")
    return {"restored": TRAIL}
