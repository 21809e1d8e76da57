data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  # Names are fixed here so that policies can name things before they exist.
  role_arn            = "arn:${local.partition}:iam::${local.account}:role/${var.name}-responder"
  member_role_arn     = "arn:${local.partition}:iam::{account}:role/${var.name}-responder"
  rolls_out_responder = try(var.stack_sets.member_responder, false)
  members_respond     = local.rolls_out_responder || var.member_responders

  # In the order of the ARNs, so that nothing moves when one is added.
  member_baselines = [for arn in keys(var.member_trails) : module.baseline[arn].baseline]
  # Trails that every account has, and trails of one account, by its id.
  shared_baselines  = [for b in local.member_baselines : b if strcontains(b.trail_arn, "{account}")]
  account_baselines = { for b in local.member_baselines : split(":", b.trail_arn)[4] => b... if !strcontains(b.trail_arn, "{account}") }
}

# One document for all accounts: {account} in it becomes the id of the account
# that is looked at.
module "baseline" {
  source   = "../baseline"
  for_each = var.member_trails

  name      = var.name
  trail_arn = each.key
  baseline  = each.value.baseline
  tags      = var.tags
}

module "notifications" {
  source = "../notifications"

  name            = var.name
  email_addresses = var.notification_emails
  subscriptions   = var.subscriptions
  chat            = var.chat

  permissions_boundary = var.permissions_boundary
  tags                 = var.tags

  # Members publish here only if they have a responder of their own.
  publishers = local.members_respond ? {
    organization_id = var.organization_id
    role_name       = "${var.name}-responder"
  } : null
}

module "responder" {
  source = "../responder"

  name                   = var.name
  package                = var.package
  architecture           = var.architecture
  baselines              = var.baselines
  mode                   = var.mode
  change_principals      = var.change_principals
  break_glass            = var.break_glass
  sweep_interval_minutes = var.sweep_interval_minutes
  topic_arn              = module.notifications.topic_arn
  chat_topic_arn         = module.notifications.chat_topic_arn
  topic_kms_key_arn      = module.notifications.kms_key_arn
  security_hub           = var.security_hub
  reserved_concurrency   = var.reserved_concurrency
  permissions_boundary   = var.permissions_boundary
  tags                   = var.tags

  # What a member's own responder does there is no attack.
  peer_roles = local.members_respond ? [local.member_role_arn] : []

  hub = {
    organization_id   = var.organization_id
    bus_name          = aws_cloudwatch_event_bus.hub.name
    member_baselines  = local.member_baselines
    external_id       = var.external_id
    excluded_accounts = var.excluded_accounts
    fan_out           = var.sweep_fan_out
  }

  # Rule and schedule come last and go first: a sweep that finds no role in the
  # members, because it is not there yet or not any more, would raise an alarm
  # for each of them.
  trails_ready = concat(var.trails_ready, [for instance in values(aws_cloudformation_stack_set_instance.members) : instance.id])
}

module "service_control_policy" {
  source = "../service-control-policy"
  count  = length(var.service_control_policy_targets) > 0 ? 1 : 0

  name              = var.name
  targets           = var.service_control_policy_targets
  trail_names       = distinct([for arn in keys(var.member_trails) : split("/", arn)[1]])
  exempt_principals = var.exempt_principals
  member_responders = local.members_respond
  hub_account_id    = local.account
  evidence_arns     = var.evidence_arns

  # The hub's own, and the organisation's: by ARN, as members may have trails of that name.
  guarded_trail_arns = var.baselines[*].trail_arn
  tags               = var.tags
}
