variable "package" {
  description = "Path of the function's zip, built for var.architecture."
  type        = string
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "second_region" {
  description = "The second home region."
  type        = string
}

variable "second_region_trail_arns" {
  description = "ARNs of the trails whose home is the second region."
  type        = list(string)
}

variable "notification_emails" {
  description = "Addresses that get notices and alarms of both regions."
  type        = list(string)
  default     = []
}
