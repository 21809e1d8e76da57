# The management account. First it makes the security account a delegated
# administrator. When the hub is there, apply again with its outputs for the
# management account's own part, and with the targets of the control policy.
#
# Three things no resource here does. Once, with the management account's
# credentials:
#   aws organizations enable-aws-service-access --service-principal cloudtrail.amazonaws.com
#   aws cloudformation activate-organizations-access
#   aws organizations enable-policy-type --policy-type SERVICE_CONTROL_POLICY --root-id r-...

# Region and credentials come from the environment. The region must be the
# trails' home region.
provider "aws" {}

# Global events are recorded there, and forwarded from there.
provider "aws" {
  alias  = "global_events"
  region = var.global_events_region
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
}

# Stack sets in the security account reach all accounts but this one.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs-delegated-admin.html
resource "aws_organizations_delegated_administrator" "stack_sets" {
  account_id        = var.security_account_id
  service_principal = "member.org.stacksets.cloudformation.amazonaws.com"
}

# For an organisation trail that the security account makes and heals. CloudTrail
# registers the account itself, because it also needs a role of its own there.
# https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
resource "aws_cloudtrail_organization_delegated_admin_account" "security" {
  account_id = var.security_account_id
}

module "service_control_policy" {
  source = "../../modules/service-control-policy"
  count  = length(var.service_control_policy_targets) > 0 ? 1 : 0

  targets            = var.service_control_policy_targets
  trail_names        = var.trail_names
  guarded_trail_arns = var.guarded_trail_arns
  evidence_arns      = var.evidence_arns
  exempt_principals  = var.exempt_principals
  member_responders  = var.responder != null
  # Bound too where the root is the target, and it heals its own trail.
  hub_account_id = var.security_account_id
}

# This account is a member too, and the one that stack sets and control policies
# never reach.
module "member" {
  source = "../../modules/member"
  count  = var.hub == null ? 0 : 1

  hub       = var.hub
  baselines = [for b in var.member_baselines : b if contains(["{account}", local.account], split(":", b.trail_arn)[4])]
  mode      = var.mode
}

module "forwarding" {
  source    = "../../modules/forwarding"
  count     = var.hub == null || data.aws_region.current.id == var.global_events_region ? 0 : 1
  providers = { aws = aws.global_events }

  hub_bus_arn = var.hub.bus_arn
}
