variable "organization" {
  description = "Id of the organisation, o-..., and id of its management account, which owns the trail wherever this is applied."
  type = object({
    id                    = string
    management_account_id = string
  })
  nullable = false
}

variable "name" {
  description = "Name of the trail, and prefix of everything else."
  type        = string
  default     = "organization-trail"
}

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

variable "change_principals" {
  description = "ARNs of roles and users, such as the pipeline's role, whose changes are reported as information."
  type        = list(string)
  default     = []
}

variable "sweep_interval_minutes" {
  description = "Minutes between two sweeps."
  type        = number
  default     = 5
}

variable "log_retention_days" {
  description = "Days until a log expires in the bucket."
  type        = number
  default     = 365
}

variable "log_object_lock" {
  description = "Lock every log against deletion, for instance { mode = \"GOVERNANCE\", days = 90 }; null means no lock."
  type = object({
    mode = optional(string, "GOVERNANCE")
    days = number
  })
  default = null
}

variable "notification_emails" {
  description = "Addresses that get notices and alarms."
  type        = list(string)
  default     = []
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for the responder; null in an account with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 5
}

variable "force_destroy_logs" {
  description = "Let terraform destroy delete the log bucket with its logs."
  type        = bool
  default     = false
}
