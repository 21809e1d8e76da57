# What the drill calls, attack "stop": docs/drill.md. It knows the caller's account
# from GetCallerIdentity, which needs no permission.
locals {
  # The drill names its queue so, and makes it in its own account and the topic's region.
  drill_topic = try(var.drill.topic_arn, null)
  drill_queue = local.drill_topic == null ? "" : "${local.arn}:sqs:${split(":", local.drill_topic)[3]}:${local.account}:trailkeeper-drill-*"

  drill_statements = [
    [true, {
      Sid      = "StopAndStartTrails"
      Effect   = "Allow"
      Action   = ["cloudtrail:GetTrailStatus", "cloudtrail:StartLogging", "cloudtrail:StopLogging"]
      Resource = try(var.drill.trail_arns, [])
    }],
    [local.drill_topic != null, {
      Sid      = "HearNotices"
      Effect   = "Allow"
      Action   = "sns:Subscribe"
      Resource = local.drill_topic
      # Its own queue only: notices go nowhere else.
      Condition = {
        StringEquals = { "sns:Protocol" = "sqs" }
        StringLike   = { "sns:Endpoint" = local.drill_queue }
      }
    }],
    [local.drill_topic != null, {
      # AWS knows no resource and no condition for it. It needs the subscription's
      # ARN, a random id at its end, and the role cannot list subscriptions.
      # https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html
      Sid      = "HearNoMore"
      Effect   = "Allow"
      Action   = "sns:Unsubscribe"
      Resource = "*"
    }],
    [local.drill_topic != null, {
      Sid      = "UseOwnQueue"
      Effect   = "Allow"
      Action   = ["sqs:CreateQueue", "sqs:DeleteQueue", "sqs:ReceiveMessage"]
      Resource = local.drill_queue
    }],
  ]
}

resource "aws_iam_role_policy" "drill" {
  count = var.drill == null ? 0 : 1

  name = "drill"
  role = aws_iam_role.this["drill"].name

  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [for s in local.drill_statements : s[1] if s[0]]
  })
}
