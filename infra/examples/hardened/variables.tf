variable "package" {
  description = "Path of the function's zip, built for var.architecture."
  type        = string
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "global_region" {
  description = "Region where IAM records its calls."
  type        = string
  default     = "us-east-1"
}

variable "deployed_by" {
  description = "ARNs of the roles and users that apply this, such as the pipeline's role: who alone may change it afterwards."
  type        = list(string)
}

variable "notification_emails" {
  description = "Addresses that get notices and alarms, and what is done to the roles."
  type        = list(string)
  default     = []
}
