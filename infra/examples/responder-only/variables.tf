variable "package" {
  description = "Path of the function's zip, built for var.architecture."
  type        = string
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "trail_arns" {
  description = "ARNs of the trails to protect."
  type        = list(string)
}

variable "topic_arn" {
  description = "ARN of the topic for notices and alarms."
  type        = string
}

variable "topic_kms_key_arn" {
  description = "ARN of the customer key that encrypts the topic; null if it has none."
  type        = string
  default     = null
}
