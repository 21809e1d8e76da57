# A member account without stack sets: its trails are healed by the hub, and by a
# responder of its own as well if the hub's example says member_responder = true.
#   terraform -chdir=../organization output -json for_members > hub.auto.tfvars.json

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

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}

module "member" {
  source = "../../modules/member"

  hub       = var.hub
  baselines = [for b in var.member_baselines : b if contains(["{account}", local.account], split(":", b.trail_arn)[4])]
  mode      = var.mode
  tags      = local.tags
}

module "forwarding" {
  source    = "../../modules/forwarding"
  count     = data.aws_region.current.id == var.global_events_region ? 0 : 1
  providers = { aws = aws.global_events }

  hub_bus_arn = var.hub.bus_arn
  tags        = local.tags
}
