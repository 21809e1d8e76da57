data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  # Names are fixed here so that policies can name things before they exist.
  rule_name  = "${var.name}-forwarding"
  queue_name = "${var.name}-forwarding-dead-letters"
  # IAM is one for all regions, so the region is part of the name.
  role_name = "${var.name}-forwarding-${local.region}"

  rule_arn  = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.rule_name}"
  queue_arn = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.queue_name}"
}

module "event_pattern" {
  source = "../event-pattern"
}

resource "aws_cloudwatch_event_rule" "forwarding" {
  name        = local.rule_name
  description = "Sends what changes a trail of this account and region to the security account"
  tags        = var.tags

  # Of this account and region only: whatever else may be on this bus is not for the hub.
  event_pattern = jsonencode(merge(module.event_pattern.pattern, {
    account = [local.account]
    region  = [local.region]
  }))
}

resource "aws_cloudwatch_event_target" "hub" {
  rule     = aws_cloudwatch_event_rule.forwarding.name
  arn      = var.hub_bus_arn
  role_arn = aws_iam_role.forwarding.arn

  # A late restoration is better than none: use all the time EventBridge has.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters.arn
  }

  depends_on = [
    aws_iam_role_policy.forwarding,
    aws_sqs_queue_policy.dead_letters,
  ]
}
