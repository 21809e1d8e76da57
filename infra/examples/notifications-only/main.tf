# A topic by itself.

# Region and credentials come from the environment.
provider "aws" {}

module "notifications" {
  source = "../../modules/notifications"

  name            = "security"
  email_addresses = var.email_addresses
}
