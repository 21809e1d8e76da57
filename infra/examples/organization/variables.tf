variable "package" {
  description = "Path of the function's zip, built for var.architecture."
  type        = string
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "mode" {
  description = "enforce, or observe for a start: report only, in the members too."
  type        = string
  default     = "enforce"
}

variable "organization_id" {
  description = "Id of the organisation, o-..."
  type        = string
}

variable "external_id" {
  description = "What the hub names when it assumes the role in a member: the answer of `uuidgen`, kept from then on."
  type        = string
}

variable "organizational_unit_ids" {
  description = "Ids of the units whose accounts are covered, now and in future, or of the root (r-...) for all. None: no stack sets, the accounts are managed by Terraform."
  type        = list(string)
}

variable "trail_name" {
  description = "Name of the trail that every account has in this region."
  type        = string
  default     = "audit"
}

variable "log_bucket_name" {
  description = "Name of that trail's log bucket, for instance audit-logs-{account}; null protects the logging state alone."
  type        = string
  default     = null
}

variable "protect_own_trail" {
  description = "Protect the trail of this name in the security account too."
  type        = bool
  default     = true
}

variable "organization_trail" {
  description = "Make the organisation's trail here, guarded by the hub; null: none. The management account owns it. Applied in the security account, which must be CloudTrail's delegated administrator."
  type = object({
    management_account_id = string
    name                  = optional(string, "organization-trail")
    log_retention_days    = optional(number, 365)
    object_lock           = optional(object({ mode = optional(string, "GOVERNANCE"), days = number }))
    force_destroy         = optional(bool, false)
  })
  default = null
}

variable "member_responder" {
  description = "Give every account a responder of its own as well: with stack sets by them, without by examples/member."
  type        = bool
  default     = false
}

variable "change_principals" {
  description = "ARNs of roles and users, such as the pipeline's role, whose changes are reported as information: arn:aws:iam::{account}:role/deploy, {account} standing for the account of the change."
  type        = list(string)
  default     = []
}

variable "break_glass" {
  description = "Whose changes of a trail are left alone for a time, at most 7 days, and why: docs/break-glass.md."
  type = list(object({
    principal  = string
    reason     = string
    expires_at = string
  }))
  default = []
}

variable "sweep_interval_minutes" {
  description = "Minutes between two sweeps of all accounts, 5 or more."
  type        = number
  default     = 5
}

variable "excluded_accounts" {
  description = "Ids of accounts that are left alone."
  type        = list(string)
  default     = []
}

variable "sweep_fan_out" {
  description = "Spread the sweep over many runs of the function: for more accounts than one run can visit."
  type        = bool
  default     = false
}

variable "notification_emails" {
  description = "Addresses that get notices and alarms."
  type        = list(string)
  default     = []
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for the hub; null in an account with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 20
}
