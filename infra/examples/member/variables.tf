variable "hub" {
  description = "The hub: from the output for_members of examples/organization."
  type = object({
    role_arn        = string
    bus_arn         = string
    external_id     = string
    organization_id = string
  })
}

variable "member_baselines" {
  description = "The trails that the hub heals: from the output for_members of examples/organization."
  type = list(object({
    trail_arn        = string
    parameter_name   = string
    parameter_path   = string
    can_be_recreated = bool
    guards = object({
      settings          = bool
      event_selectors   = bool
      insight_selectors = bool
      tags              = bool
    })
    cloud_watch_logs_role_arn = optional(string)
    is_organization_trail     = optional(bool, false)
  }))
}

variable "mode" {
  description = "enforce, or observe: hub and responder only look. From the same output."
  type        = string
  default     = "enforce"
}

variable "responder" {
  description = "A responder of the account's own, which publishes to the hub's topic; null: the hub alone heals. From the same output."
  type = object({
    topic_arn              = string
    topic_kms_key_arn      = optional(string)
    baseline_documents     = map(string)
    change_principals      = optional(list(string), [])
    break_glass            = optional(list(object({ principal = string, reason = string, expires_at = string })), [])
    sweep_interval_minutes = optional(number, 5)
  })
  default = null
}

variable "package" {
  description = "Path of the function's zip, built for var.architecture; needed for a responder of the account's own."
  type        = string
  default     = null

  validation {
    condition     = var.responder == null || var.package != null
    error_message = "The hub says that members have responders of their own. Give the path of the function's zip as package."
  }
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for that responder; null in an account with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 5
}

variable "global_events_region" {
  description = "Region that records global events: us-east-1, us-gov-west-1 in GovCloud, cn-northwest-1 in China."
  type        = string
  default     = "us-east-1"
}
