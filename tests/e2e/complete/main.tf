# A trail with everything that a trail can have, made by somebody else's Terraform:
# the trail that is already there and is protected as a whole.
# Made for the lab: on AWS the bucket, the topic and the log group need policies too.

terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

# Region, endpoint and credentials come from the environment.
provider "aws" {
  default_tags {
    tags = { owner = "security" }
  }
}

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account = data.aws_caller_identity.current.account_id
  region  = data.aws_region.current.id
  name    = "complete"

  field_selectors = {
    "Management events" = [
      { field = "eventCategory", equals = ["Management"] },
    ]
    "Writes to the vault" = [
      { field = "eventCategory", equals = ["Data"] },
      { field = "resources.type", equals = ["AWS::S3::Object"] },
      { field = "resources.ARN", starts_with = ["arn:aws:s3:::vault/", "arn:aws:s3:::archive/"] },
      { field = "readOnly", equals = ["false"] },
    ]
  }
  insight_types = ["ApiCallRateInsight", "ApiErrorRateInsight"]
}

resource "aws_cloudtrail" "this" {
  name                          = local.name
  s3_bucket_name                = aws_s3_bucket.logs.id
  s3_key_prefix                 = "audit/logs"
  sns_topic_name                = aws_sns_topic.digests.name
  kms_key_id                    = aws_kms_key.logs.arn
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.copy.arn}:*"
  cloud_watch_logs_role_arn     = aws_iam_role.copy.arn
  tags                          = { team = "detection", "cost centre" = "12/34" }

  dynamic "advanced_event_selector" {
    for_each = local.field_selectors

    content {
      name = advanced_event_selector.key

      dynamic "field_selector" {
        for_each = advanced_event_selector.value

        content {
          field       = field_selector.value.field
          equals      = try(field_selector.value.equals, null)
          starts_with = try(field_selector.value.starts_with, null)
        }
      }
    }
  }

  dynamic "insight_selector" {
    for_each = local.insight_types

    content {
      insight_type = insight_selector.value
    }
  }
}

resource "aws_s3_bucket" "logs" {
  bucket        = "complete-logs-${local.account}"
  force_destroy = true
}

resource "aws_kms_key" "logs" {
  description = "Logs of the trail ${local.name}"
}

resource "aws_sns_topic" "digests" {
  name = "log-files"
}

resource "aws_cloudwatch_log_group" "copy" {
  name = "trail-copy"
}

resource "aws_iam_role" "copy" {
  name = "trail-copy"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "cloudtrail.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

output "trail_arn" {
  value = aws_cloudtrail.this.arn
}

# What a person would declare for this trail, from the words above.
output "baseline" {
  value = {
    s3_bucket_name                = aws_s3_bucket.logs.id
    s3_key_prefix                 = "audit/logs"
    sns_topic_name                = aws_sns_topic.digests.name
    kms_key_id                    = aws_kms_key.logs.arn
    is_multi_region_trail         = true
    include_global_service_events = true
    enable_log_file_validation    = true
    cloud_watch_logs_group_arn    = "${aws_cloudwatch_log_group.copy.arn}:*"
    cloud_watch_logs_role_arn     = aws_iam_role.copy.arn
    is_organization_trail         = false
    advanced_event_selectors      = [for name, fields in local.field_selectors : { name = name, field_selectors = fields }]
    insight_selectors             = [for type in local.insight_types : { insight_type = type }]
    tags                          = { owner = "security", team = "detection", "cost centre" = "12/34" }
  }
}
