# The trail that every member account has, made by its own Terraform.
# Made for the lab: on AWS the bucket needs a policy too.

data "aws_caller_identity" "member" {}

resource "aws_s3_bucket" "logs" {
  bucket        = "audit-logs-${data.aws_caller_identity.member.account_id}"
  force_destroy = true
}

resource "aws_cloudtrail" "audit" {
  name                          = "audit"
  s3_bucket_name                = aws_s3_bucket.logs.id
  s3_key_prefix                 = "audit"
  is_multi_region_trail         = true
  include_global_service_events = true
  enable_log_file_validation    = true
  tags                          = { team = "detection" }
}

output "trail_arn" {
  value = aws_cloudtrail.audit.arn
}
