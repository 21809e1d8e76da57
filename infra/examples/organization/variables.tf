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
  description = "enforce, or observe for a start: report only."
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

variable "member_responder" {
  description = "Give every account a responder of its own as well."
  type        = bool
  default     = false
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
