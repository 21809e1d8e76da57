# The security account, a delegated administrator: the hub that heals the trails
# of all accounts, and the stack sets that connect every account to it. Apply
# examples/organization-management first. docs/organization.md goes step by step.

# Region and credentials come from the environment. The region must be the
# trails' home region.
provider "aws" {}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  trail_arn = "arn:${data.aws_partition.current.partition}:cloudtrail:${data.aws_region.current.id}:{account}:trail/${var.trail_name}"

  # What the trail of every account is to be. {account} stands for its id.
  declared = {
    s3_bucket_name                = var.log_bucket_name
    is_multi_region_trail         = true
    include_global_service_events = true
    enable_log_file_validation    = true
    # Add the selectors that all these trails have, to guard them too: a selector
    # that is declared here and not there is put there.
  }
  # Without a bucket's name the logging state alone is protected.
  baseline = { for field, value in local.declared : field => value if var.log_bucket_name != null }

  # The security account has this trail too, and neither a stack set nor the
  # sweep of the members comes here.
  own_account = data.aws_caller_identity.current.account_id

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}

module "own_baseline" {
  source = "../../modules/baseline"
  count  = var.protect_own_trail ? 1 : 0

  trail_arn = replace(local.trail_arn, "{account}", local.own_account)
  baseline  = jsondecode(replace(jsonencode(local.baseline), "{account}", local.own_account))
}

# The organisation's trail, if it is to be made here. The hub guards it, and hears
# of the management account's calls through the management account's own part.
module "organization_trail" {
  source = "../../modules/trail"
  count  = var.organization_trail == null ? 0 : 1

  name = var.organization_trail.name
  organization = {
    id                    = var.organization_id
    management_account_id = var.organization_trail.management_account_id
  }
  log_retention_days = var.organization_trail.log_retention_days
  object_lock        = var.organization_trail.object_lock
  force_destroy      = var.organization_trail.force_destroy
  responder_ready    = module.organization.responder_function_arn
  tags               = local.tags
}

module "organization" {
  source = "../../modules/organization"

  package         = var.package
  architecture    = var.architecture
  mode            = var.mode
  organization_id = var.organization_id
  external_id     = var.external_id

  member_trails = { (local.trail_arn) = { baseline = local.baseline } }
  # Not module.organization_trail[*]: that would wait for the trail, which waits
  # for the function that is told these baselines.
  baselines = concat(
    module.own_baseline[*].baseline,
    var.organization_trail == null ? [] : [module.organization_trail[0].baseline],
  )
  trails_ready = var.organization_trail == null ? [] : [module.organization_trail[0].arn]

  # null if every account is managed by Terraform: examples/member.
  stack_sets = length(var.organizational_unit_ids) == 0 ? null : {
    organizational_unit_ids = var.organizational_unit_ids
    member_responder        = var.member_responder
  }
  # Also without stack sets: examples/member.
  member_responders = var.member_responder

  change_principals      = var.change_principals
  break_glass            = var.break_glass
  excluded_accounts      = var.excluded_accounts
  sweep_interval_minutes = var.sweep_interval_minutes
  sweep_fan_out          = var.sweep_fan_out
  notification_emails    = var.notification_emails
  reserved_concurrency   = var.reserved_concurrency
  tags                   = local.tags
}
