output "baseline" {
  description = "What the responder needs to know of the baseline: an item of its baselines."
  value = {
    trail_arn      = var.trail_arn
    parameter_name = aws_ssm_parameter.baseline.name
    parameter_path = local.parameter_path

    # CreateTrail needs a bucket and nothing else.
    can_be_recreated = var.baseline.s3_bucket_name != null
    guards = {
      settings          = anytrue([for value in values(local.settings) : value != null])
      event_selectors   = local.event_selectors != null || local.advanced_event_selectors != null
      insight_selectors = local.insight_selectors != null
      tags              = var.baseline.tags != null
    }
    is_organization_trail     = coalesce(var.baseline.is_organization_trail, false)
    cloud_watch_logs_role_arn = var.baseline.cloud_watch_logs_role_arn == "" ? null : var.baseline.cloud_watch_logs_role_arn
  }
}

output "document" {
  description = "The document as it is in the parameter, JSON."
  value       = local.document
}

output "sha256" {
  description = "SHA-256 of the document, the last part of the parameter's name."
  value       = local.sha256
}
