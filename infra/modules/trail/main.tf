data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  # The management account owns the organisation's trails, whoever makes them.
  # https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-delegated-administrator.html
  owner = try(var.organization.management_account_id, local.account)

  # The key and bucket policies must name the trail before it exists.
  trail_arn = "arn:${local.partition}:cloudtrail:${local.region}:${local.owner}:trail/${var.name}"
}

# The trail waits for two things. CreateTrail checks that it may write, and the
# first log is to find a bucket that keeps it. And a change by Terraform is not
# fought if the function knows the new baseline first. On destroy the trail goes
# before all of these.
resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV2_AWS_10:A copy in CloudWatch Logs costs more than the trail itself and nothing here reads it. The S3 copy is the evidence.
  #checkov:skip=CKV_AWS_252:CloudTrail's own topic announces every delivered log file. The responder's notices are what people should read.
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.logs.id
  s3_key_prefix                 = var.s3_key_prefix
  kms_key_id                    = aws_kms_key.logs.arn
  enable_logging                = true
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = var.multi_region
  is_organization_trail         = var.organization != null
  tags                          = var.tags

  dynamic "event_selector" {
    for_each = local.has_default_selectors ? [] : local.event_selectors

    content {
      read_write_type                  = event_selector.value.read_write_type
      include_management_events        = event_selector.value.include_management_events
      exclude_management_event_sources = event_selector.value.exclude_management_event_sources

      dynamic "data_resource" {
        for_each = event_selector.value.data_resources

        content {
          type   = data_resource.value.type
          values = data_resource.value.values
        }
      }
    }
  }

  dynamic "advanced_event_selector" {
    for_each = var.advanced_event_selectors == null ? [] : var.advanced_event_selectors

    content {
      name = advanced_event_selector.value.name

      dynamic "field_selector" {
        for_each = advanced_event_selector.value.field_selectors

        content {
          field           = field_selector.value.field
          equals          = field_selector.value.equals
          not_equals      = field_selector.value.not_equals
          starts_with     = field_selector.value.starts_with
          not_starts_with = field_selector.value.not_starts_with
          ends_with       = field_selector.value.ends_with
          not_ends_with   = field_selector.value.not_ends_with
        }
      }
    }
  }

  dynamic "insight_selector" {
    for_each = var.insight_selectors

    content {
      insight_type = insight_selector.value.insight_type
    }
  }

  depends_on = [
    aws_kms_alias.logs,
    aws_kms_key_policy.logs,
    aws_s3_bucket_policy.logs,
    aws_s3_bucket_versioning.logs,
    aws_s3_bucket_server_side_encryption_configuration.logs,
    aws_s3_bucket_lifecycle_configuration.logs,
    aws_s3_bucket_object_lock_configuration.logs,
    var.responder_ready,
  ]
}
