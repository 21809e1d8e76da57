output "arn" {
  description = "ARN of the trail."
  value       = aws_cloudtrail.this.arn
}

output "name" {
  description = "Name of the trail."
  value       = aws_cloudtrail.this.name
}

output "bucket_name" {
  description = "Name of the log bucket."
  value       = aws_s3_bucket.logs.id
}

output "bucket_arn" {
  description = "ARN of the log bucket."
  value       = aws_s3_bucket.logs.arn
}

output "log_retention" {
  description = "How long logs are kept: days until they expire, mode and days of the lock (null without), and whether a destroy deletes them."
  value = {
    expiration_days = one([for rule in aws_s3_bucket_lifecycle_configuration.logs.rule : rule.expiration[0].days if rule.id == "expire-logs"])
    lock_mode       = one(aws_s3_bucket_object_lock_configuration.logs[*].rule[0].default_retention[0].mode)
    lock_days       = one(aws_s3_bucket_object_lock_configuration.logs[*].rule[0].default_retention[0].days)
    force_destroy   = aws_s3_bucket.logs.force_destroy
  }
}

output "kms_key_arn" {
  description = "ARN of the key that encrypts the logs."
  value       = aws_kms_key.logs.arn
}

output "baseline" {
  description = "The trail's baseline, for the responder's baselines. It does not wait for the trail."
  value       = module.baseline.baseline
}

output "evidence" {
  description = "What belongs to the trail and is guarded with it, for the responder's evidence; empty if guard_evidence is off. It does not wait for the trail."
  value = [
    for kind in(var.guard_evidence ? keys(local.evidence) : []) : {
      kind           = kind
      arn            = local.evidence[kind].arn
      alias          = try(local.evidence[kind].alias, null)
      trail_arn      = local.trail_arn
      parameter_name = aws_ssm_parameter.evidence[kind].name
      restored       = local.evidence[kind].restored
    }
  ]
}

output "evidence_documents" {
  description = "Their JSON documents, by kind."
  value       = local.evidence_documents
}

output "baseline_document" {
  description = "The baseline's JSON document."
  value       = module.baseline.document
}
