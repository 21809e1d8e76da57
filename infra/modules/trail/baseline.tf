data "aws_default_tags" "current" {}

locals {
  # What CloudTrail gives to a trail for which nothing is said.
  default_selectors = [{
    read_write_type                  = "All"
    include_management_events        = true
    exclude_management_event_sources = []
    data_resources                   = []
  }]

  # null if the trail has advanced selectors.
  event_selectors = var.advanced_event_selectors != null ? null : [
    for selector in var.event_selectors == null ? local.default_selectors : var.event_selectors : {
      read_write_type                  = selector.read_write_type
      include_management_events        = selector.include_management_events
      exclude_management_event_sources = selector.exclude_management_event_sources
      data_resources                   = selector.data_resources
    }
  ]

  # The provider reads the default selectors as none at all, so a block that says
  # the same would be in every plan.
  has_default_selectors = local.event_selectors == null ? true : jsonencode(local.event_selectors) == jsonencode(local.default_selectors)
}

# The whole trail, as aws_cloudtrail.this makes it. Nothing here refers to that
# resource: the baseline changes before the trail does.
module "baseline" {
  source = "../baseline"

  name      = var.name
  trail_arn = local.trail_arn
  tags      = var.tags

  baseline = {
    # By its name, not by the resource: the parameter is made before the old one
    # goes, and Terraform would want the same of the bucket.
    s3_bucket_name                = local.bucket_name
    s3_key_prefix                 = var.s3_key_prefix
    sns_topic_name                = ""
    kms_key_id                    = aws_kms_key.logs.arn
    is_multi_region_trail         = var.multi_region
    include_global_service_events = true
    enable_log_file_validation    = true
    cloud_watch_logs_group_arn    = ""
    cloud_watch_logs_role_arn     = ""
    is_organization_trail         = var.organization != null
    event_selectors               = local.event_selectors
    advanced_event_selectors      = var.advanced_event_selectors
    insight_selectors             = var.insight_selectors
    tags                          = merge(data.aws_default_tags.current.tags, var.tags)
  }
}
