# A member account without stack sets: its trails are healed by the hub.
#   terraform -chdir=../organization output -json for_members > hub.auto.tfvars.json

# Region and credentials come from the environment. The region must be the
# trails' home region.
provider "aws" {}

# Global events are recorded there, and forwarded from there.
provider "aws" {
  alias  = "global_events"
  region = var.global_events_region
}

data "aws_region" "current" {}

module "member" {
  source = "../../modules/member"

  hub       = var.hub
  baselines = var.member_baselines

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}

module "forwarding" {
  source    = "../../modules/forwarding"
  count     = data.aws_region.current.id == var.global_events_region ? 0 : 1
  providers = { aws = aws.global_events }

  hub_bus_arn = var.hub.bus_arn

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}
