locals {
  trail_name = split("/", var.trail_arn)[1]
  # A hub may declare trails of one name in several accounts; the hash tells them apart.
  parameter_path = "/trailkeeper/${var.name}/${local.trail_name}"

  settings = {
    s3_bucket_name                = var.baseline.s3_bucket_name
    s3_key_prefix                 = var.baseline.s3_key_prefix
    sns_topic_name                = var.baseline.sns_topic_name
    kms_key_id                    = var.baseline.kms_key_id
    is_multi_region_trail         = var.baseline.is_multi_region_trail
    include_global_service_events = var.baseline.include_global_service_events
    enable_log_file_validation    = var.baseline.enable_log_file_validation
    cloud_watch_logs_group_arn    = var.baseline.cloud_watch_logs_group_arn
    cloud_watch_logs_role_arn     = var.baseline.cloud_watch_logs_role_arn
    is_organization_trail         = var.baseline.is_organization_trail
  }

  # Without the keys that say nothing: an absent key means the default.
  event_selectors = var.baseline.event_selectors == null ? null : [
    for selector in var.baseline.event_selectors : { for key, value in selector : key => value if value != null }
  ]
  advanced_event_selectors = var.baseline.advanced_event_selectors == null ? null : [
    for selector in var.baseline.advanced_event_selectors : merge(
      selector.name == null ? {} : { name = selector.name },
      { field_selectors = [for field in selector.field_selectors : { for key, value in field : key => value if try(length(value), 0) > 0 }] },
    )
  ]
  insight_selectors = var.baseline.insight_selectors == null ? null : [
    for selector in var.baseline.insight_selectors : { for key, value in selector : key => value if try(length(value), 0) > 0 }
  ]

  declared = merge(local.settings, {
    event_selectors          = local.event_selectors
    advanced_event_selectors = local.advanced_event_selectors
    insight_selectors        = local.insight_selectors
    tags                     = var.baseline.tags
  })

  document = jsonencode(merge(
    { schema = "trailkeeper.baseline", version = 1, trail_arn = var.trail_arn, is_logging = true },
    { for field, value in local.declared : field => value if value != null },
  ))
  sha256         = sha256(local.document)
  parameter_name = "${local.parameter_path}/${local.sha256}"

  # Base64 has 4 characters for 3 bytes.
  document_bytes = floor(length(trim(base64encode(local.document), "=")) * 3 / 4)
}

# The name holds the hash of the value, so a parameter is never changed: another
# baseline is another parameter. The function is told the name, and so notices a
# value that somebody else wrote.
resource "aws_ssm_parameter" "baseline" {
  #checkov:skip=CKV2_AWS_34:A baseline is no secret: whoever may read the trail may read it. A key would be one more thing that an attacker can disable.
  name           = local.parameter_name
  description    = "What the trail ${local.trail_name} is declared to be. Written by Terraform; the responder heals the trail to it."
  type           = "String"
  insecure_value = local.document
  # Above 4 KB an advanced parameter is made, which costs a little.
  tier = "Intelligent-Tiering"
  tags = var.tags

  lifecycle {
    # The function needs the old one until it is told the name of the new one.
    create_before_destroy = true

    precondition {
      condition     = local.document_bytes <= 8192
      error_message = "The baseline of ${var.trail_arn} has ${local.document_bytes} bytes, and Systems Manager takes 8192 at most. Declare fewer values in event_selectors or advanced_event_selectors; starts_with can stand for many ARNs."
    }
  }
}
