# The organisation's trail, and the responder that guards it. Apply it in the
# management account, or in the account that is CloudTrail's delegated
# administrator: bucket, key and responder are then there, the trail is the
# management account's all the same. Trusted access for CloudTrail must be on:
# examples/organization-management. Beside a hub, let the hub guard the trail:
# organization_trail in examples/organization.

# Region and credentials come from the environment.
provider "aws" {}

module "trailkeeper" {
  source = "../.."

  name         = var.name
  package      = var.package
  architecture = var.architecture
  mode         = var.mode
  organization = var.organization

  change_principals      = var.change_principals
  sweep_interval_minutes = var.sweep_interval_minutes
  log_retention_days     = var.log_retention_days
  log_object_lock        = var.log_object_lock
  notification_emails    = var.notification_emails
  reserved_concurrency   = var.reserved_concurrency
  force_destroy_logs     = var.force_destroy_logs

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}
