variable "baselines" {
  description = "The trails to heal: for each one the output baseline of the module baseline or trail. {account} in an ARN is kept as it is."
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
  nullable = false

  validation {
    # No wildcard: each statement is for the trails that are named here.
    condition     = alltrue([for b in var.baselines : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}|\\{account\\}):trail/[A-Za-z0-9._-]{3,128}$", b.trail_arn))])
    error_message = "Every trail_arn in baselines must be a full ARN, arn:<partition>:cloudtrail:<region>:<account or {account}>:trail/<name>."
  }

  validation {
    condition     = alltrue([for b in var.baselines : b.cloud_watch_logs_role_arn == null ? true : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|\\{account\\}):role/[A-Za-z0-9+=,.@/_{}-]+$", b.cloud_watch_logs_role_arn))])
    error_message = "Every cloud_watch_logs_role_arn in baselines must be the ARN of one role, or null."
  }
}

variable "evidence" {
  description = "What belongs to these trails and is guarded too: items of the output evidence of the module trail."
  type = list(object({
    kind     = string
    arn      = string
    restored = list(string)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for thing in var.evidence : contains(["log_bucket", "log_key"], thing.kind)])
    error_message = "kind in evidence must be log_bucket or log_key."
  }
}

variable "mode" {
  description = "enforce heals; observe only reads."
  type        = string
  default     = "enforce"
  nullable    = false

  validation {
    condition     = contains(["enforce", "observe"], var.mode)
    error_message = "mode must be enforce or observe."
  }
}

variable "account" {
  description = "Account of the role that gets the statements; null if it is the trails' own. A delegated administrator heals the management account's organisation trail from another one."
  type        = string
  default     = null

  validation {
    condition     = var.account == null ? true : can(regex("^([0-9]{12}|\\{account\\})$", var.account))
    error_message = "account must be an account id of 12 digits, or {account}."
  }
}
