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

variable "tags" {
  description = "Tags for everything the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
