variable "name" {
  description = "Name of the trail, and prefix of its bucket and key alias."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "multi_region" {
  description = "Record all regions. Turn it off only for a trail that must see one region."
  type        = bool
  default     = true
  nullable    = false
}

variable "organization" {
  description = "Make the trail the organisation's: it records all accounts. For the management account or the delegated administrator; the management account owns the trail in either case. id: o-...; null: this account's trail."
  type = object({
    id                    = string
    management_account_id = string
  })
  default = null

  validation {
    condition     = var.organization == null ? true : can(regex("^o-[a-z0-9]{10,32}$", var.organization.id))
    error_message = "organization.id must be the id of the organisation, o- and 10 to 32 lower-case letters and digits."
  }

  validation {
    condition     = var.organization == null ? true : can(regex("^[0-9]{12}$", var.organization.management_account_id))
    error_message = "organization.management_account_id must be an account id of 12 digits."
  }
}

variable "event_selectors" {
  description = "Which events the trail records, basic form. null, with advanced_event_selectors null too, means CloudTrail's default: all management events, no data events."
  type = list(object({
    read_write_type                  = optional(string, "All")
    include_management_events        = optional(bool, true)
    exclude_management_event_sources = optional(list(string), [])
    data_resources = optional(list(object({
      type   = string
      values = list(string)
    })), [])
  }))
  default = null

  validation {
    condition     = var.event_selectors == null ? true : length(var.event_selectors) >= 1 && length(var.event_selectors) <= 5
    error_message = "event_selectors must hold 1 to 5 selectors, or be null for CloudTrail's default."
  }

  validation {
    condition     = var.event_selectors == null ? true : alltrue([for s in var.event_selectors : contains(["All", "ReadOnly", "WriteOnly"], s.read_write_type)])
    error_message = "read_write_type in event_selectors must be All, ReadOnly or WriteOnly."
  }
}

variable "advanced_event_selectors" {
  description = "Which events the trail records, advanced form. null means that event_selectors says it."
  type = list(object({
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
  }))
  default = null

  validation {
    condition     = var.advanced_event_selectors == null || var.event_selectors == null
    error_message = "event_selectors and advanced_event_selectors exclude each other: a trail has one of the two. Set the other to null."
  }

  validation {
    condition     = var.advanced_event_selectors == null ? true : length(var.advanced_event_selectors) > 0 && alltrue([for s in var.advanced_event_selectors : length(s.field_selectors) > 0])
    error_message = "advanced_event_selectors must hold at least one selector, and each at least one of field_selectors; or be null."
  }

  validation {
    condition = var.advanced_event_selectors == null ? true : alltrue(flatten([
      for s in var.advanced_event_selectors : [
        for f in s.field_selectors : f.field != "" && length(flatten([for values in [f.equals, f.not_equals, f.starts_with, f.not_starts_with, f.ends_with, f.not_ends_with] : values if values != null])) > 0
      ]
    ]))
    error_message = "Each of field_selectors must name its field, for instance eventCategory, and hold a value in equals, not_equals, starts_with, not_starts_with, ends_with or not_ends_with."
  }
}

variable "insight_selectors" {
  description = "Which kinds of unusual activity CloudTrail looks for, at a price, for instance [{ insight_type = \"ApiCallRateInsight\" }]."
  type = list(object({
    insight_type = string
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for s in var.insight_selectors : contains(["ApiCallRateInsight", "ApiErrorRateInsight"], s.insight_type)])
    error_message = "insight_type in insight_selectors must be ApiCallRateInsight or ApiErrorRateInsight."
  }

  validation {
    condition     = length(distinct(var.insight_selectors)) == length(var.insight_selectors)
    error_message = "insight_selectors must name each insight_type once."
  }
}

variable "s3_key_prefix" {
  description = "Prefix of the logs' keys in the bucket, before AWSLogs/."
  type        = string
  default     = ""
  nullable    = false

  validation {
    condition     = can(regex("^([A-Za-z0-9!_.'()-]+(/[A-Za-z0-9!_.'()-]+)*)?$", var.s3_key_prefix)) && length(var.s3_key_prefix) <= 200
    error_message = "s3_key_prefix must have at most 200 letters, digits and !-_.'(), in parts separated by single slashes, with none at either end."
  }
}

variable "log_retention_days" {
  description = "Days until a log expires in the bucket. Deleted or expired logs stay 90 days longer as old versions."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = var.log_retention_days >= 1 && floor(var.log_retention_days) == var.log_retention_days
    error_message = "log_retention_days must be a whole number, 1 or more."
  }
}

variable "object_lock" {
  description = "Lock every log against deletion for a number of days. GOVERNANCE can be bypassed by privileged users, COMPLIANCE by nobody. Fixed when the bucket is made; null means no lock."
  type = object({
    mode = optional(string, "GOVERNANCE")
    days = number
  })
  default = null

  validation {
    condition     = var.object_lock == null ? true : contains(["GOVERNANCE", "COMPLIANCE"], var.object_lock.mode)
    error_message = "object_lock.mode must be GOVERNANCE or COMPLIANCE."
  }

  validation {
    condition     = var.object_lock == null ? true : var.object_lock.days >= 1 && floor(var.object_lock.days) == var.object_lock.days
    error_message = "object_lock.days must be a whole number, 1 or more."
  }
}

variable "force_destroy" {
  description = "Let destroy delete a bucket that still holds logs. Apply it before the destroy. Off: such a bucket and its key are kept and destroy fails."
  type        = bool
  default     = false
  nullable    = false
}

variable "guard_evidence" {
  description = "Say what the log bucket and the key are to be, so that a responder can guard them too: output evidence."
  type        = bool
  default     = true
  nullable    = false
}

variable "restore_key_policy" {
  description = "Let the responder put back the key's policy and rotation too. Off: a change is reported, and left to people. The key is made usable again in either case."
  type        = bool
  default     = false
  nullable    = false
}

variable "recreate_bucket" {
  description = "Let the responder make the log bucket again, empty, if somebody deletes it. Off: a critical notice says what to do."
  type        = bool
  default     = false
  nullable    = false
}

variable "bucket_set_elsewhere" {
  description = "What of the log bucket something else sets, and the responder leaves alone: notification, replication, logging. What is not named here is to be absent, and removed if it is there."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.bucket_set_elsewhere, ["notification", "replication", "logging"])) == 0
    error_message = "bucket_set_elsewhere must hold nothing but notification, replication and logging."
  }
}

variable "responder_ready" {
  description = "ARN of the responder's function, if one guards the trail: the trail changes only after the function knows the new baseline. null if none does."
  type        = string
  default     = null
}

variable "only_changed_by" {
  description = "Patterns of the ARNs of roles and users, * allowed, who alone may change the log bucket and the key, or delete logs; beside them the account's root user. Terraform's own principal must be among them. [] leaves it to IAM."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.only_changed_by : can(regex("^arn:(\\*|aws[a-z-]*):iam::(\\*|[0-9]{12}):(role|user)/[A-Za-z0-9+=,.@/_*?-]*[A-Za-z0-9][A-Za-z0-9+=,.@/_*?-]*$", arn))])
    error_message = "only_changed_by must hold ARNs of roles or users, arn:<partition or *>:iam::<account or *>:role/<name>, whose name is not only a wildcard."
  }
}

variable "tags" {
  description = "Tags for everything the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
