data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.id

  # The key and bucket policies must name the trail before it exists.
  trail_arn = "arn:${local.partition}:cloudtrail:${local.region}:${local.account}:trail/${var.name}"
}

resource "aws_cloudtrail" "this" {
  #checkov:skip=CKV2_AWS_10:A copy in CloudWatch Logs costs more than the trail itself and nothing here reads it. The S3 copy is the evidence.
  #checkov:skip=CKV_AWS_252:CloudTrail's own topic announces every delivered log file. The responder's notices are what people should read.
  name                          = var.name
  s3_bucket_name                = aws_s3_bucket.logs.id
  kms_key_id                    = aws_kms_key.logs.arn
  enable_logging                = true
  enable_log_file_validation    = true
  include_global_service_events = true
  is_multi_region_trail         = var.multi_region
  tags                          = var.tags

  # CreateTrail checks that it may write, and the first log is to find a bucket
  # that keeps it. On destroy the trail goes before these.
  depends_on = [
    aws_s3_bucket_policy.logs,
    aws_s3_bucket_versioning.logs,
    aws_s3_bucket_server_side_encryption_configuration.logs,
    aws_s3_bucket_object_lock_configuration.logs,
  ]
}
