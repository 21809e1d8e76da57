data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.id

  hub_partition = split(":", var.hub.role_arn)[1]
  hub_account   = split(":", var.hub.role_arn)[4]

  # The hub looks for this name in every account.
  role_name = "${var.name}-remediation"

  # One declaration for all accounts: here it becomes this account's.
  baselines = jsondecode(replace(jsonencode(var.baselines), "{account}", local.account))

  foreign_region_arns = [for b in local.baselines : b.trail_arn if split(":", b.trail_arn)[3] != local.region]
}

module "healing_policy" {
  source = "../healing-policy"

  baselines = local.baselines
  mode      = var.mode
}

module "forwarding" {
  source = "../forwarding"

  name                 = var.name
  hub_bus_arn          = var.hub.bus_arn
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}
