# Protect trails that are already there, and send only severe notices to a queue.

# Region and credentials come from the environment. The region must be the
# trails' home region.
provider "aws" {}

module "trailkeeper" {
  source = "../.."

  package             = var.package
  architecture        = var.architecture
  create_trail        = false
  existing_trail_arns = var.existing_trail_arns

  subscriptions = {
    queue = {
      protocol      = "sqs"
      endpoint      = aws_sqs_queue.notices.arn
      filter_policy = jsonencode({ severity = ["critical", "high"] })
    }
  }
}

resource "aws_sqs_queue" "notices" {
  name                    = "trailkeeper-notices"
  sqs_managed_sse_enabled = true
}

resource "aws_sqs_queue_policy" "notices" {
  queue_url = aws_sqs_queue.notices.url

  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "TopicDeliversNotices"
        Effect    = "Allow"
        Principal = { Service = "sns.amazonaws.com" }
        Action    = "sqs:SendMessage"
        Resource  = aws_sqs_queue.notices.arn
        Condition = { ArnEquals = { "aws:SourceArn" = module.trailkeeper.alerts_topic_arn } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "sqs:*"
        Resource  = aws_sqs_queue.notices.arn
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}
