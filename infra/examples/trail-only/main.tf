# A trail by itself, with locked logs.

# Region and credentials come from the environment.
provider "aws" {}

module "trail" {
  source = "../../modules/trail"

  name               = "audit"
  log_retention_days = 400

  object_lock = {
    mode = "GOVERNANCE"
    days = 90
  }
}
