# Members send here what changes their trails.
resource "aws_cloudwatch_event_bus" "hub" {
  name = var.name
  tags = var.tags
}

locals {
  # Who may send: a role of the name that a member's forwarding rule has, of an
  # account of this organisation. EventBridge itself refuses PutEvents with a
  # source of AWS, so nobody forges an event here, even with such a role.
  # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-event-bus-permissions.html
  bus_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "MembersForwardEvents"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = aws_cloudwatch_event_bus.hub.arn
      Condition = {
        StringEquals = { "aws:PrincipalOrgID" = var.organization_id }
        ArnLike      = { "aws:PrincipalArn" = "arn:${local.partition}:iam::*:role/${var.name}-forwarding-*" }
      }
    }]
  })
}

resource "aws_cloudwatch_event_bus_policy" "hub" {
  event_bus_name = aws_cloudwatch_event_bus.hub.name
  policy         = local.bus_policy
}
