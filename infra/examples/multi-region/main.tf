# One account with trails of two home regions. A trail can be changed in its home
# region only, and alarms tell topics of their own region only: so each home
# region has a responder. One trail that records all regions needs one responder:
# examples/single-account.

# Credentials come from the environment, and so does the first home region.
provider "aws" {}

provider "aws" {
  alias  = "second"
  region = var.second_region
}

# A new trail that records all regions.
module "first" {
  source = "../.."

  package             = var.package
  architecture        = var.architecture
  notification_emails = var.notification_emails
}

# Trails that are there already and record that region alone, for instance
# because its logs must not leave the country.
module "second" {
  source    = "../.."
  providers = { aws = aws.second }

  # Roles are not of a region, so their names must differ.
  name                = "trailkeeper-second"
  package             = var.package
  architecture        = var.architecture
  create_trail        = false
  existing_trails     = { for arn in var.second_region_trail_arns : arn => {} }
  notification_emails = var.notification_emails
}
