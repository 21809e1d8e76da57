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

variable "trail_name" {
  description = "Name of Control Tower's trail."
  type        = string
  default     = "aws-controltower-BaselineCloudTrail"
}

variable "captured_baseline" {
  description = "Path of a captured baseline document; null guards that the trail logs and is the organisation's."
  type        = string
  default     = null
}

variable "notification_emails" {
  description = "Addresses that get notices and alarms."
  type        = list(string)
  default     = []
}
