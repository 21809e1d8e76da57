locals {
  # The function's own dead letters need no statement: its role's policy is
  # enough within one account.
  queue_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        # The rule beside the function and, of a hub, the one on its bus.
        Sid       = "RuleSendsDeadLetters"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = try(one(local.rule_arns), local.rule_arns) } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      ], [for condition in local.is_not_named : {
        Sid       = "OnlyNamedChange"
        Effect    = "Deny"
        Principal = "*"
        Action    = ["sqs:AddPermission", "sqs:DeleteQueue", "sqs:PurgeQueue", "sqs:RemovePermission", "sqs:SetQueueAttributes"]
        Resource  = local.queue_arn
        Condition = condition
    }])
  })

  # The root user is left out: nobody else could undo a mistake in this list.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
  is_not_named = [for named in [var.only_changed_by] : {
    ArnNotLike = { "aws:PrincipalArn" = concat(named, ["arn:${local.partition}:iam::${local.account}:root"]) }
  } if length(named) > 0]
}

# Events that neither EventBridge nor Lambda could have handled.
resource "aws_sqs_queue" "dead_letters" {
  name                      = local.queue_name
  message_retention_seconds = local.queue_retention
  tags                      = var.tags

  # SQS's own key on purpose: the last resort must not depend on a key that
  # an attacker can disable.
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  queue_url = aws_sqs_queue.dead_letters.url
  policy    = local.queue_policy

  # What is declared of it comes first: support.tf.
  depends_on = [aws_ssm_parameter.guard]
}
