variable "name" {
  description = "Prefix of everything the module makes: the same as the hub's."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "hub_bus_arn" {
  description = "ARN of the hub's event bus in the security account. It may be in another region."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._-]{1,256}$", var.hub_bus_arn))
    error_message = "hub_bus_arn must be the ARN of an event bus, arn:<partition>:events:<region>:<account>:event-bus/<name>."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that limits the role; null for none. It must allow events:PutEvents on the hub's bus."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of an IAM policy."
  }
}

variable "tags" {
  description = "Tags for everything the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
