# What the first policy has no room for: what Trailkeeper tells through and the trail
# writes to, by the names that its modules give.

locals {
  surroundings = {
    topics = {
      actions = [
        "sns:AddPermission",
        "sns:DeleteTopic",
        "sns:PutDataProtection*",
        "sns:RemovePermission",
        "sns:SetTopic*",
        "sns:Subscribe",
      ]
      resources = ["sns:*:*:${var.name}-alerts", "sns:*:*:${var.name}-chat"]
    }
    # An alias that is moved or taken away would take a key out of what is denied below.
    aliases = {
      actions   = ["kms:CreateAlias", "kms:DeleteAlias", "kms:UpdateAlias"]
      resources = ["kms:*:*:alias/${var.name}-*"]
    }
    # The hub's, and whatever else has the name.
    buses = {
      actions   = ["events:DeleteEventBus", "events:PutPermission", "events:RemovePermission", "events:UpdateEventBus"]
      resources = ["events:*:*:event-bus/${var.name}"]
    }
    # Of the module trail. Other buckets: evidence_arns.
    buckets = {
      actions   = local.evidence_actions.s3
      resources = ["s3:::${var.name}-logs-*"]
    }
  }

  # Of the trail's logs, the topics and the responder's log: they have aliases, and their
  # ids are not known here.
  # https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-resource-aliases
  keys_statement = {
    Sid    = "OnlyOperatorsChangeKeys"
    Effect = "Deny"
    Action = [
      "kms:CreateGrant",
      "kms:DeleteImported*",
      "kms:DisableKey*",
      "kms:PutKeyPolicy",
      "kms:RetireGrant",
      "kms:RevokeGrant",
      "kms:ScheduleKey*",
      "kms:UpdatePrimary*",
    ]
    Resource = "*"
    Condition = {
      "ForAnyValue:StringLike" = { "kms:ResourceAliases" = "alias/${var.name}-*" }
    }
  }

  # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
  subscriptions_statement = {
    Sid      = "OnlyOperatorsUnsubscribe"
    Effect   = "Deny"
    Action   = ["sns:SetSubscription*", "sns:Unsubscribe"]
    Resource = "*"
  }

  is_no_operator = { ArnNotLike = { "aws:PrincipalArn" = [for arn in local.operators : "arn:*:${arn}"] } }

  surroundings_content = jsonencode({
    Version = "2012-10-17"
    Statement = concat(
      [
        {
          Sid       = "OnlyOperatorsChangeSurroundings"
          Effect    = "Deny"
          Action    = flatten(values(local.surroundings)[*].actions)
          Resource  = [for arn in flatten(values(local.surroundings)[*].resources) : "arn:*:${arn}"]
          Condition = local.is_no_operator
        },
        merge(local.keys_statement, {
          Condition = {
            "ForAnyValue:StringLike" = local.keys_statement.Condition["ForAnyValue:StringLike"]
            ArnNotLike               = local.is_no_operator.ArnNotLike
          }
        }),
      ],
      [for statement in [merge(local.subscriptions_statement, { Condition = local.is_no_operator })] : statement if var.freeze_subscriptions],
    )
  })
}
