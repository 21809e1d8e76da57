variable "name" {
  description = "Part of the parameter's name, /trailkeeper/NAME/TRAIL/SHA-256."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "trail_arn" {
  description = "ARN of the trail; with {account} in the place of the account's id that of a trail that every account of an organisation has, and then {account} may stand anywhere in the baseline too. If the same configuration makes the trail, build the ARN from its parts, so that the baseline does not wait for the trail."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}|\\{account\\}):trail/[A-Za-z0-9._-]{3,128}$", var.trail_arn))
    error_message = "trail_arn must be the full ARN of a trail, arn:<partition>:cloudtrail:<region>:<account or {account}>:trail/<name>."
  }
}

variable "baseline" {
  description = "What the trail is declared to be, beside that it logs. An attribute that is null or left out is not guarded; \"\", [] and {} declare that there is none. A captured document can be given as it is, jsondecode(file(...))."
  type = object({
    # Of a captured document: checked, never needed.
    schema     = optional(string)
    version    = optional(number)
    trail_arn  = optional(string)
    is_logging = optional(bool)

    s3_bucket_name                = optional(string)
    s3_key_prefix                 = optional(string)
    sns_topic_name                = optional(string)
    kms_key_id                    = optional(string)
    is_multi_region_trail         = optional(bool)
    include_global_service_events = optional(bool)
    enable_log_file_validation    = optional(bool)
    cloud_watch_logs_group_arn    = optional(string)
    cloud_watch_logs_role_arn     = optional(string)
    is_organization_trail         = optional(bool)

    event_selectors = optional(list(object({
      read_write_type                  = optional(string)
      include_management_events        = optional(bool)
      exclude_management_event_sources = optional(list(string))
      data_resources = optional(list(object({
        type   = string
        values = list(string)
      })))
    })))
    advanced_event_selectors = optional(list(object({
      name = optional(string)
      field_selectors = list(object({
        field           = string
        equals          = optional(list(string))
        not_equals      = optional(list(string))
        starts_with     = optional(list(string))
        not_starts_with = optional(list(string))
        ends_with       = optional(list(string))
        not_ends_with   = optional(list(string))
      }))
    })))
    insight_selectors = optional(list(object({
      insight_type     = string
      event_categories = optional(list(string))
    })))
    tags = optional(map(string))
  })
  default  = {}
  nullable = false

  validation {
    condition     = coalesce(var.baseline.schema, "trailkeeper.baseline") == "trailkeeper.baseline" && coalesce(var.baseline.version, 1) == 1
    error_message = "The document's schema must be trailkeeper.baseline, its version 1. Capture the trail again with the responder of this release."
  }

  validation {
    condition     = var.baseline.trail_arn == null ? true : var.baseline.trail_arn == var.trail_arn
    error_message = "The document was captured from another trail: ${coalesce(var.baseline.trail_arn, "-")}. Give the one of ${var.trail_arn}, or leave trail_arn out of it if both shall be the same."
  }

  validation {
    condition     = coalesce(var.baseline.is_logging, true)
    error_message = "is_logging must be true: a trail that does not log cannot be declared. Leave it out."
  }

  validation {
    condition     = var.baseline.s3_bucket_name == null ? true : length(trimspace(var.baseline.s3_bucket_name)) > 0
    error_message = "s3_bucket_name must be the name of a bucket: a trail cannot be without one. Leave it out if the bucket shall not be guarded."
  }

  validation {
    condition     = var.baseline.kms_key_id == null ? true : var.baseline.kms_key_id == "" || can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:([0-9]{12}|\\{account\\}):key/", var.baseline.kms_key_id))
    error_message = "kms_key_id must be the ARN of a key, not an id or an alias, because that is what CloudTrail answers; or \"\" for no key."
  }

  validation {
    condition     = var.baseline.include_global_service_events == null || var.baseline.is_multi_region_trail == null ? true : var.baseline.include_global_service_events || !var.baseline.is_multi_region_trail
    error_message = "include_global_service_events must be true if is_multi_region_trail is: CloudTrail refuses a multi-region trail without them."
  }

  validation {
    condition     = var.baseline.cloud_watch_logs_group_arn == null ? true : can(regex("^(arn:aws[a-z-]*:logs:[a-z0-9-]+:([0-9]{12}|\\{account\\}):log-group:.+:\\*)?$", var.baseline.cloud_watch_logs_group_arn))
    error_message = "cloud_watch_logs_group_arn must be \"\" or the ARN of a log group that ends in :*, as CloudTrail answers with it. To the arn of aws_cloudwatch_log_group append \":*\"."
  }

  validation {
    condition     = (var.baseline.cloud_watch_logs_group_arn == null) == (var.baseline.cloud_watch_logs_role_arn == null) && (var.baseline.cloud_watch_logs_group_arn == "") == (var.baseline.cloud_watch_logs_role_arn == "")
    error_message = "cloud_watch_logs_group_arn and cloud_watch_logs_role_arn belong together: declare both, declare both as \"\", or leave both out."
  }

  validation {
    condition     = var.baseline.cloud_watch_logs_role_arn == null ? true : var.baseline.cloud_watch_logs_role_arn == "" || can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|\\{account\\}):role/", var.baseline.cloud_watch_logs_role_arn))
    error_message = "cloud_watch_logs_role_arn must be the ARN of a role, or \"\" for none."
  }

  validation {
    condition     = var.baseline.event_selectors == null || var.baseline.advanced_event_selectors == null
    error_message = "event_selectors and advanced_event_selectors exclude each other: a trail has one of the two. Declare that one."
  }

  validation {
    condition     = var.baseline.event_selectors == null ? true : length(var.baseline.event_selectors) >= 1 && length(var.baseline.event_selectors) <= 5
    error_message = "event_selectors must hold 1 to 5 selectors: a trail cannot be without any. Leave it out if the selectors shall not be guarded."
  }

  validation {
    condition     = var.baseline.event_selectors == null ? true : alltrue([for s in var.baseline.event_selectors : contains(["All", "ReadOnly", "WriteOnly"], coalesce(s.read_write_type, "All"))])
    error_message = "read_write_type in event_selectors must be All, ReadOnly or WriteOnly."
  }

  validation {
    condition     = var.baseline.advanced_event_selectors == null ? true : length(var.baseline.advanced_event_selectors) > 0 && alltrue([for s in var.baseline.advanced_event_selectors : length(s.field_selectors) > 0])
    error_message = "advanced_event_selectors must hold at least one selector, and each at least one of field_selectors. Leave it out if the selectors shall not be guarded."
  }

  validation {
    condition = var.baseline.advanced_event_selectors == null ? true : alltrue(flatten([
      for s in var.baseline.advanced_event_selectors : [
        for f in s.field_selectors : f.field != "" && length(flatten([for values in [f.equals, f.not_equals, f.starts_with, f.not_starts_with, f.ends_with, f.not_ends_with] : values if values != null])) > 0
      ]
    ]))
    error_message = "Each of field_selectors must name its field, for instance eventCategory, and hold a value in equals, not_equals, starts_with, not_starts_with, ends_with or not_ends_with."
  }

  validation {
    condition     = var.baseline.insight_selectors == null ? true : alltrue([for s in var.baseline.insight_selectors : contains(["ApiCallRateInsight", "ApiErrorRateInsight"], s.insight_type)])
    error_message = "insight_type in insight_selectors must be ApiCallRateInsight or ApiErrorRateInsight."
  }

  validation {
    condition     = var.baseline.tags == null ? true : !anytrue([for key in keys(var.baseline.tags) : startswith(lower(key), "aws:")])
    error_message = "tags must not hold keys that begin with aws: those belong to AWS. Leave them out."
  }
}

variable "tags" {
  description = "Tags for the parameter."
  type        = map(string)
  default     = {}
  nullable    = false
}
