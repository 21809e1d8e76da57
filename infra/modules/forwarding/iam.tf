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

  role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid      = "ForwardEvents"
      Effect   = "Allow"
      Action   = "events:PutEvents"
      Resource = var.hub_bus_arn
    }]
  })
}

resource "aws_iam_role" "forwarding" {
  name                 = local.role_name
  description          = "Lets the rule ${local.rule_name} send events to the security account"
  assume_role_policy   = local.trust_policy
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "forwarding" {
  name   = local.role_name
  role   = aws_iam_role.forwarding.name
  policy = local.role_policy
}
