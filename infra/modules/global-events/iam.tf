locals {
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions-manage.html
  trust_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RuleAssumesRole"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sts:AssumeRole"
      Condition = {
        StringEquals = { "aws:SourceAccount" = local.account }
        ArnEquals    = { "aws:SourceArn" = local.rule_arn }
      }
    }]
  })

  # A bus takes the events of its own account without a policy.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-perms.html
  role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "SendGlobalEvents"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = local.home_bus_arn
    }]
  })
}

resource "aws_iam_role" "global_events" {
  count = local.is_needed ? 1 : 0

  name                 = local.role_name
  description          = "Lets the rule ${local.rule_name} send events to ${var.home_region}"
  assume_role_policy   = local.trust_policy
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "global_events" {
  count = local.is_needed ? 1 : 0

  name   = local.role_name
  role   = aws_iam_role.global_events[0].name
  policy = local.role_policy
}
