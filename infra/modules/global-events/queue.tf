locals {
  queue_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "RuleSendsDeadLetters"
        Effect    = "Allow"
        Principal = { Service = "events.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = local.queue_arn
        Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = local.queue_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

# Events that did not reach the home region.
resource "aws_sqs_queue" "dead_letters" {
  count = local.is_needed ? 1 : 0

  name                      = local.queue_name
  message_retention_seconds = 1209600
  tags                      = var.tags

  # SQS's own key on purpose: the last resort must not depend on a key that
  # an attacker can disable.
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "dead_letters" {
  count = local.is_needed ? 1 : 0

  queue_url = aws_sqs_queue.dead_letters[0].url
  policy    = local.queue_policy
}
