# One account, hardened against its own administrators as far as that goes without an
# organisation: docs/threat-model.md. What can be kept from them by policies of the
# resources or by a permissions boundary, is. What is done to the responder's roles is
# recorded in the region of global events only, so a rule there passes it on; here, to
# a mailbox.

# Credentials come from the environment, and so does the trail's home region.
provider "aws" {}

# us-east-1; us-gov-west-1 in GovCloud, cn-north-1 in China.
provider "aws" {
  alias  = "global"
  region = var.global_region
}

data "aws_region" "home" {}

module "trailkeeper" {
  source = "../.."

  package             = var.package
  architecture        = var.architecture
  notification_emails = var.notification_emails
  only_changed_by     = var.deployed_by
}

# Give it to every user and role of the account that is not in deployed_by.
module "guard" {
  source = "../../modules/service-control-policy"

  targets           = null
  trail_names       = [module.trailkeeper.trail_name]
  exempt_principals = [for arn in var.deployed_by : arn if strcontains(arn, ":role/")]
}

resource "aws_iam_policy" "administrators" {
  name        = "trailkeeper-administrators"
  description = "Permissions boundary of those who are to leave Trailkeeper alone"
  policy      = module.guard.boundary_json
}

module "global_events" {
  source    = "../../modules/global-events"
  providers = { aws = aws.global }

  home_region = data.aws_region.home.id
  role_names = [
    module.trailkeeper.responder_role_name,
    module.trailkeeper.schedule_name,
    module.trailkeeper.understudy_role_name,
    module.trailkeeper.understudy_schedule_name,
  ]
}

# Who changes the roles is told, in EventBridge's own words.
resource "aws_sns_topic" "roles" {
  #checkov:skip=CKV_AWS_26:The example keeps to one key. The events name roles and callers, and no secret.
  name = "trailkeeper-roles"
}

resource "aws_sns_topic_policy" "roles" {
  arn = aws_sns_topic.roles.arn
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Sid       = "RulePublishes"
      Effect    = "Allow"
      Principal = { Service = "events.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = aws_sns_topic.roles.arn
      Condition = { ArnEquals = { "aws:SourceArn" = aws_cloudwatch_event_rule.roles.arn } }
    }]
  })
}

resource "aws_sns_topic_subscription" "roles" {
  for_each = toset(var.notification_emails)

  topic_arn = aws_sns_topic.roles.arn
  protocol  = "email"
  endpoint  = each.value
}

resource "aws_cloudwatch_event_rule" "roles" {
  name          = "trailkeeper-roles"
  description   = "Somebody changed, or tried to change, a role of Trailkeeper"
  event_pattern = module.global_events.event_pattern
}

resource "aws_cloudwatch_event_target" "roles" {
  rule       = aws_cloudwatch_event_rule.roles.name
  arn        = aws_sns_topic.roles.arn
  depends_on = [aws_sns_topic_policy.roles]
}
