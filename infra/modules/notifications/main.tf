data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  topic_name = "${var.name}-alerts"
  topic_arn  = "arn:${local.partition}:sns:${local.region}:${local.account}:${local.topic_name}"

  # Who in the organisation may publish, as conditions.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-use-cases.html
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceorgid
  publisher_conditions = [for publishers in var.publishers[*] : {
    role = {
      StringEquals = { "aws:PrincipalOrgID" = publishers.organization_id }
      ArnLike      = { "aws:PrincipalArn" = "arn:${local.partition}:iam::*:role/${publishers.role_name}" }
    }
    alarms = {
      StringEquals = { "aws:SourceOrgID" = publishers.organization_id }
      ArnLike      = { "aws:SourceArn" = "arn:${local.partition}:cloudwatch:${local.region}:*:alarm:${var.name}-*" }
    }
  }]

  # Alarms are the only service that publishes. The responder needs no
  # statement here: its role's own policy is enough within one account.
  topic_policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid       = "AlarmsPublish"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = {
          StringEquals = { "aws:SourceAccount" = local.account }
          ArnLike      = { "aws:SourceArn" = local.alarm_arns }
        }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sns:Publish"
        Resource  = local.topic_arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
      ], flatten([for conditions in local.publisher_conditions : [
        {
          Sid       = "MembersPublish"
          Effect    = "Allow"
          Principal = { AWS = "*" }
          Action    = "sns:Publish"
          Resource  = local.topic_arn
          Condition = conditions.role
        },
        {
          Sid       = "MembersAlarmsPublish"
          Effect    = "Allow"
          Principal = { Service = "cloudwatch.amazonaws.com" }
          Action    = "sns:Publish"
          Resource  = local.topic_arn
          Condition = conditions.alarms
        },
    ]]), [for statement in local.only_named_change : merge(statement, { Resource = local.topic_arn })])
  })

  only_named_change = [for condition in local.is_not_named : {
    Sid       = "OnlyNamedChange"
    Effect    = "Deny"
    Principal = { AWS = "*" }
    Action    = ["sns:AddPermission", "sns:DeleteTopic", "sns:RemovePermission", "sns:SetTopicAttributes"]
    Condition = condition
  }]

  # The root user is left out: nobody else could undo a mistake in this list.
  # https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn
  is_not_named = [for named in [var.only_changed_by] : {
    ArnNotLike = { "aws:PrincipalArn" = concat(named, ["arn:${local.partition}:iam::${local.account}:root"]) }
  } if length(named) > 0]

  alarm_arns = [for name in coalesce(var.alarm_names, ["${var.name}-*"]) : "arn:${local.partition}:cloudwatch:${local.region}:${local.account}:alarm:${name}"]
}

resource "aws_sns_topic" "alerts" {
  name              = local.topic_name
  kms_master_key_id = aws_kms_key.topic.arn
  tags              = var.tags

  # What is declared of it comes first.
  depends_on = [aws_ssm_parameter.evidence]
}

resource "aws_sns_topic_policy" "alerts" {
  arn    = aws_sns_topic.alerts.arn
  policy = local.topic_policy
}

resource "aws_sns_topic_subscription" "email" {
  for_each = toset(var.email_addresses)

  topic_arn = aws_sns_topic.alerts.arn
  protocol  = "email"
  endpoint  = each.value

  depends_on = [aws_sns_topic_policy.alerts]
}

resource "aws_sns_topic_subscription" "this" {
  for_each = var.subscriptions

  topic_arn            = aws_sns_topic.alerts.arn
  protocol             = each.value.protocol
  endpoint             = each.value.endpoint
  raw_message_delivery = each.value.raw_message_delivery
  filter_policy        = each.value.severities == null ? each.value.filter_policy : jsonencode({ severity = each.value.severities })
  filter_policy_scope  = each.value.severities != null ? "MessageAttributes" : each.value.filter_policy == null ? null : each.value.filter_policy_scope

  depends_on = [aws_sns_topic_policy.alerts, aws_lambda_permission.subscribed]
}

resource "aws_lambda_permission" "subscribed" {
  for_each = { for key, subscription in var.subscriptions : key => subscription if subscription.allow_invoke }

  statement_id  = "${local.topic_name}-${each.key}"
  action        = "lambda:InvokeFunction"
  function_name = each.value.endpoint
  principal     = "sns.amazonaws.com"
  source_arn    = local.topic_arn
}
