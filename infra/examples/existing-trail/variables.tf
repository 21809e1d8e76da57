variable "package" {
  description = "Path of the function's zip, built for var.architecture."
  type        = string
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
}

variable "existing_trail_arns" {
  description = "ARNs of trails whose logging state alone is protected."
  type        = list(string)
  default     = []
}

variable "declared_trails" {
  description = "Names of the log buckets of trails that record all management events of all regions, by the trail's ARN."
  type        = map(string)
  default     = {}
}

variable "captured_baselines" {
  description = "Paths of captured baseline documents."
  type        = list(string)
  default     = []
}
