# The trail that AWS Control Tower made. Apply it in the management account, which
# owns the trail, and in the landing zone's home region.
# https://docs.aws.amazon.com/controltower/latest/userguide/about-logging.html

# Region and credentials come from the environment.
provider "aws" {}

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  trail_arn = "arn:${local.partition}:cloudtrail:${data.aws_region.current.id}:${local.account}:trail/${var.trail_name}"
}

module "trailkeeper" {
  source = "../.."

  package      = var.package
  architecture = var.architecture
  mode         = var.mode
  create_trail = false

  # Control Tower owns the settings and changes them with a landing zone update.
  # So guard that the trail logs, and that it is the organisation's, which also
  # gives the role what CloudTrail asks for such a trail. Guard everything with
  # the captured baseline, and capture it again after each update.
  existing_trails = {
    (local.trail_arn) = {
      baseline = jsondecode(var.captured_baseline == null ? jsonencode({ is_organization_trail = true }) : file(var.captured_baseline))
    }
  }

  # What Control Tower changes is told as information.
  change_principals = ["arn:${local.partition}:iam::${local.account}:role/service-role/AWSControlTowerAdmin"]

  notification_emails = var.notification_emails
}
