data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  # Where services with one endpoint for all regions record their calls.
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-concepts.html#cloudtrail-concepts-global-service-events
  # https://docs.aws.amazon.com/general/latest/gr/iam-service.html
  global_regions = {
    aws        = "us-east-1"
    aws-cn     = "cn-north-1"
    aws-us-gov = "us-gov-west-1"
  }
  global_region = lookup(local.global_regions, local.partition, "")

  # In the global region itself the responder's own rule sees these events.
  is_needed = var.home_region != local.global_region

  # Names are fixed here so that policies can name things before they exist.
  rule_name  = "${var.name}-global-events"
  role_name  = "${var.name}-global-events"
  queue_name = "${var.name}-global-events-dead-letters"

  rule_arn     = "arn:${local.partition}:events:${local.region}:${local.account}:rule/${local.rule_name}"
  queue_arn    = "arn:${local.partition}:sqs:${local.region}:${local.account}:${local.queue_name}"
  home_bus_arn = "arn:${local.partition}:events:${var.home_region}:${local.account}:event-bus/default"

  role_calls = [
    "AttachRolePolicy",
    "CreateRole",
    "DeleteRole",
    "DeleteRolePermissionsBoundary",
    "DeleteRolePolicy",
    "DetachRolePolicy",
    "PutRolePermissionsBoundary",
    "PutRolePolicy",
    "TagRole",
    "UntagRole",
    "UpdateAssumeRolePolicy",
    "UpdateRole",
  ]
  # Of a permissions boundary, which is as good as the policy of the role.
  policy_calls = [
    "CreatePolicyVersion",
    "DeletePolicy",
    "DeletePolicyVersion",
    "SetDefaultPolicyVersion",
  ]
  organization_calls = [for name in module.event_pattern.pattern.detail.eventName : name if contains([
    "CloseAccount",
    "DeregisterDelegatedAdministrator",
    "DisableAWSServiceAccess",
    "LeaveOrganization",
    "RemoveAccountFromOrganization",
  ], name)]

  # Of this account and region only: whatever else may be on this bus is not for the responder.
  pattern = {
    account       = [local.account]
    region        = [local.region]
    source        = ["aws.iam", "aws.organizations"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["iam.amazonaws.com", "organizations.amazonaws.com"]
      eventName = concat(
        local.role_calls,
        length(var.policy_arns) > 0 ? local.policy_calls : [],
        local.organization_calls,
      )
      # A call that is too large, or was denied, may be recorded without parameters:
      # it is passed on, whatever it was about.
      "$or" = concat(
        [{ requestParameters = { roleName = var.role_names } }],
        length(var.policy_arns) > 0 ? [{ requestParameters = { policyArn = var.policy_arns } }] : [],
        [{ requestParameters = { roleName = [{ exists = false }], policyArn = [{ exists = false }] } }],
      )
    }
  }
}

module "event_pattern" {
  source = "../event-pattern"
}

resource "aws_cloudwatch_event_rule" "global_events" {
  count = local.is_needed ? 1 : 0

  name          = local.rule_name
  description   = "Sends what changes the roles of Trailkeeper to ${var.home_region}"
  event_pattern = jsonencode(local.pattern)
  tags          = var.tags

  lifecycle {
    precondition {
      condition     = local.global_region != ""
      error_message = "It is not known in which region IAM records its calls in the partition ${local.partition}."
    }

    precondition {
      condition     = local.region == local.global_region
      error_message = "IAM's events arrive in ${local.global_region}, and this module is deployed in ${local.region}. Give it a provider of ${local.global_region}: providers = { aws = aws.global }."
    }
  }
}

resource "aws_cloudwatch_event_target" "home" {
  count = local.is_needed ? 1 : 0

  rule     = aws_cloudwatch_event_rule.global_events[0].name
  arn      = local.home_bus_arn
  role_arn = aws_iam_role.global_events[0].arn

  # A late notice is better than none: use all the time EventBridge has.
  retry_policy {
    maximum_event_age_in_seconds = 86400
    maximum_retry_attempts       = 185
  }

  dead_letter_config {
    arn = aws_sqs_queue.dead_letters[0].arn
  }

  depends_on = [
    aws_iam_role_policy.global_events,
    aws_sqs_queue_policy.dead_letters,
  ]
}
