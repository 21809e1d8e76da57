# One account: a new trail, its responder, and notices by e-mail.

# Region and credentials come from the environment.
provider "aws" {}

module "trailkeeper" {
  source = "../.."

  package             = var.package
  architecture        = var.architecture
  mode                = var.mode
  notification_emails = var.notification_emails
  force_destroy_logs  = var.force_destroy_logs

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}
