locals {
  # Calls to Organizations are recorded in the one region that serves them.
  # https://docs.aws.amazon.com/general/latest/gr/ao.html
  global_events_region = {
    aws        = "us-east-1"
    aws-us-gov = "us-gov-west-1"
    aws-cn     = "cn-northwest-1"
  }[local.partition]

  hub = {
    role_arn        = local.role_arn
    bus_arn         = "arn:${local.partition}:events:${local.region}:${local.account}:event-bus/${var.name}"
    external_id     = var.external_id
    organization_id = var.organization_id
  }

  # By what is in the stacks. The stack sets live in the home region; where
  # their stacks go is said by the instances.
  stack_sets = merge(
    var.stack_sets == null ? {} : { home = local.region },
    var.stack_sets == null || local.region == local.global_events_region ? {} : { global-events = local.global_events_region },
  )
  # An operation for each unit, so that one can be added or left out alone.
  stack_set_targets = {
    for pair in setproduct(keys(local.stack_sets), try(var.stack_sets.organizational_unit_ids, [])) : "${pair[0]}/${pair[1]}" => {
      stack_set = pair[0]
      unit      = pair[1]
      region    = local.stack_sets[pair[0]]
    }
  }

  templates = {
    home          = module.member_template.body
    global-events = module.forwarding_template.body
  }
}

module "member_template" {
  source = "../member-template"

  name              = var.name
  hub               = local.hub
  baselines         = local.member_baselines
  mode              = var.mode
  excluded_accounts = var.excluded_accounts

  responder = local.rolls_out_responder ? {
    package_bucket         = aws_s3_bucket.packages[0].id
    package_key            = aws_s3_object.package[0].key
    architecture           = var.architecture
    topic_arn              = module.notifications.topic_arn
    topic_kms_key_arn      = module.notifications.kms_key_arn
    documents              = { for arn in keys(var.member_trails) : module.baseline[arn].baseline.parameter_name => module.baseline[arn].document }
    change_principals      = var.change_principals
    break_glass            = var.break_glass
    sweep_interval_minutes = var.sweep_interval_minutes
  } : null
}

module "forwarding_template" {
  source = "../member-template"

  name              = var.name
  hub               = local.hub
  excluded_accounts = var.excluded_accounts
}

# Accounts that join one of the units get a stack without anybody doing
# anything, and lose it when they leave.
resource "aws_cloudformation_stack_set" "members" {
  for_each = local.stack_sets

  name             = each.key == "home" ? "${var.name}-member" : "${var.name}-member-${each.key}"
  description      = each.key == "home" ? "Trailkeeper in every account" : "Trailkeeper in every account, events of global services"
  permission_model = "SERVICE_MANAGED"
  call_as          = var.stack_sets.call_as
  capabilities     = ["CAPABILITY_NAMED_IAM"]
  template_body    = local.templates[each.key]
  tags             = var.tags

  auto_deployment {
    enabled                          = true
    retain_stacks_on_account_removal = false
  }

  # Operations queue instead of refusing each other.
  managed_execution {
    active = true
  }

  # One account must not keep thousands waiting. Where it failed is in the
  # operation, and the hub's sweep tells of accounts that it cannot reach.
  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
    region_concurrency_type      = "PARALLEL"
  }

  timeouts {
    update = "6h"
  }

  lifecycle {
    # AWS fills it in for service-managed stack sets.
    ignore_changes = [administration_role_arn]
  }

  # The hub is there before the members let it in, and events find the bus open.
  # On destroy these go after the stacks.
  depends_on = [
    module.responder.role_arn,
    aws_cloudwatch_event_bus_policy.hub,
    aws_s3_bucket_policy.packages,
  ]
}

resource "aws_cloudformation_stack_set_instance" "members" {
  for_each = local.stack_set_targets

  stack_set_name = aws_cloudformation_stack_set.members[each.value.stack_set].name
  call_as        = var.stack_sets.call_as
  # Where the stacks go. Version 6 of the provider warns of this name and has
  # another, stack_set_instance_region, which version 5 does not know.
  region = each.value.region

  deployment_targets {
    organizational_unit_ids = [each.value.unit]
  }

  operation_preferences {
    failure_tolerance_percentage = 100
    max_concurrent_percentage    = 100
    region_concurrency_type      = "PARALLEL"
  }

  # Thousands of accounts take hours.
  timeouts {
    create = "6h"
    update = "6h"
    delete = "6h"
  }
}
