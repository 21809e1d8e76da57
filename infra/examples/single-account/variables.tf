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

variable "notification_emails" {
  description = "Addresses that get notices and alarms."
  type        = list(string)
  default     = []
}

variable "force_destroy_logs" {
  description = "Let terraform destroy delete the log bucket with its logs."
  type        = bool
  default     = false
}
