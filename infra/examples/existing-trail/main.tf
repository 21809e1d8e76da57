# Protect trails that are already there, in three ways, and send only severe
# notices to a queue.

# Region and credentials come from the environment. The region must be the
# trails' home region.
provider "aws" {}

locals {
  # What the responder captured: see "Baselines" in the README of the root module.
  captured = [for path in var.captured_baselines : jsondecode(file(path))]
}

module "trailkeeper" {
  source = "../.."

  package      = var.package
  architecture = var.architecture
  create_trail = false

  existing_trails = merge(
    # The logging state alone: a stopped trail is started, and that is all.
    { for arn in var.existing_trail_arns : arn => {} },

    # Declared in words: what is named here is put back, the rest is not looked at.
    { for arn, bucket_name in var.declared_trails : arn => {
      baseline = {
        s3_bucket_name                = bucket_name
        is_multi_region_trail         = true
        include_global_service_events = true
        enable_log_file_validation    = true
        event_selectors               = [{ read_write_type = "All", include_management_events = true }]
        insight_selectors             = []
      }
    } },

    # Captured from the trail as it was: all of it is put back.
    { for document in local.captured : document.trail_arn => { baseline = document } },
  )

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
