# The responder by itself, for a trail and a topic that are already there.

# Region and credentials come from the environment. The region must be the
# trails' home region.
provider "aws" {}

# Without a declaration a baseline holds the logging state alone.
module "baseline" {
  source   = "../../modules/baseline"
  for_each = toset(var.trail_arns)

  trail_arn = each.value
}

module "responder" {
  source = "../../modules/responder"

  package           = var.package
  architecture      = var.architecture
  baselines         = [for arn in var.trail_arns : module.baseline[arn].baseline]
  topic_arn         = var.topic_arn
  topic_kms_key_arn = var.topic_kms_key_arn

  # A new account has 10 concurrent runs in all and cannot reserve any.
  reserved_concurrency = null
}
