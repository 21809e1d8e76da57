"""What is known not to be noticed, or not to come back in time, each with its reason.

An attack that is not here has to be noticed, and after each the trail has to log again. An entry
that is no longer true is said so at the end of a run: take it out.
"""

from __future__ import annotations

from collections.abc import Iterable


def _because(reason: str, names: Iterable[str]) -> dict[str, str]:
    return dict.fromkeys(names, reason)


NOT_NOTICED: dict[str, str] = {
    **_because(
        "Not yet: the trail is looked after, the bucket and the key behind it are not.",
        (
            "DeleteBucketPolicy",
            "PutBucketPolicy: CloudTrail denied",
            "DeletePublicAccessBlock",
            "PutBucketVersioning: suspended",
            "PutBucketLifecycle: one day",
            "PutBucketEncryption: the attacker's key",
            "PutBucketNotification: to a deleter",
            "PutBucketOwnershipControls: ACLs again",
            "PutObjectLockConfiguration: ten years",
            "PutBucketReplication: to the attacker",
            "DeleteBucket",
            "DisableKey",
            "ScheduleKeyDeletion",
            "PutKeyPolicy: without CloudTrail",
            "DisableKeyRotation",
            "UpdateAlias: the attacker's key",
        ),
    ),
    **_because(
        "Not yet: the sweep makes good what no event told, and does not look why none came.",
        (
            "DisableRule",
            "RemoveTargets",
            "RemoveTargets, DeleteRule",
            "PutRule: a pattern that matches nothing",
            "PutTargets: no dead-letter queue, no retries",
        ),
    ),
    **_because(
        "Not yet: nothing compares the function with what was deployed. It still works, or works as configured.",
        (
            "UpdateFunctionConfiguration: one second, least memory",
            "PutFunctionEventInvokeConfig: no retries, no destination",
            "DeleteFunctionEventInvokeConfig",
        ),
    ),
    **_because(
        "Not seen in the lab: the emulator does not ask a role's trust for its functions. On AWS the next cold start "
        "fails, and the heartbeat stops.",
        ("UpdateAssumeRolePolicy",),
    ),
    **_because(
        "The one topic is what was attacked, and everything tells through it. Whoever has a hub in another account, or "
        "forbids the call, is better off.",
        (
            "DeleteTopic",
            "SetTopicAttributes: publishing denied",
            "SetTopicAttributes: the attacker's key",
            "Unsubscribe",
            "SetSubscriptionAttributes: a filter",
            "DisableKey: the topic's",
        ),
    ),
    **_because(
        "Not yet: nothing looks at the alarms. Notices go on.",
        ("DeleteAlarms", "DisableAlarmActions", "PutMetricAlarm: silence is good"),
    ),
    **_because(
        "Not yet: nothing looks at the queue and the log before they are needed. What is given up then rings an alarm.",
        ("SetQueueAttributes: sending denied", "DeleteQueue", "PutRetentionPolicy: one day"),
    ),
    **_because(
        "Not yet: nothing looks at the table. Without it incidents are told twice rather than not at all.",
        ("DeleteTable", "DeleteResourcePolicy of the table"),
    ),
    **_because(
        "Not seen in the lab: on AWS the table's policy refuses the call to all but the responder. The emulator does "
        "not ask it.",
        ("PutItem: a told incident",),
    ),
}

STAYS_OFF: dict[str, str] = _because(
    "What puts the trail back is gone, and in this account there is nothing else. A person has to; a hub in another "
    "account does.",
    (
        "PutFunctionConcurrency: 0",
        "UpdateFunctionConfiguration: no trails",
        "UpdateFunctionConfiguration: observe only",
        "UpdateFunctionConfiguration: a powerless role",
        "UpdateFunctionCode: does nothing",
        "DeleteFunction",
        "DeleteRolePolicy",
        "PutRolePolicy: all denied",
        "AttachRolePolicy: all denied",
        "PutRolePermissionsBoundary",
        "DeleteRolePolicy, DeleteRole",
    ),
)
