variable "name" {
  description = "Prefix of everything the module makes: the same as the responder's."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "home_region" {
  description = "Region of the responder. If it is the region of global events, nothing is made."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,4}(-[a-z]+)+-[0-9]+$", var.home_region))
    error_message = "home_region must be the id of a region, for instance eu-central-1."
  }
}

variable "role_names" {
  description = "Names of the roles whose changes are passed on: the responder's, the understudy's, and those of their schedules. No paths, no ARNs."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.role_names) > 0
    error_message = "Name at least one role, such as the output responder_role_name."
  }

  validation {
    condition     = alltrue([for name in var.role_names : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", name))])
    error_message = "role_names must hold names of roles as IAM has them, without path or wildcard."
  }
}

variable "policy_arns" {
  description = "ARNs of managed policies whose versions are watched too: the permissions boundary of these roles."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.policy_arns : can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:policy/[A-Za-z0-9+=,.@/_-]+$", arn))])
    error_message = "policy_arns must hold ARNs of the account's own managed policies, arn:<partition>:iam::<account>:policy/<name>."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that limits the role made here; null for none. It must allow events:PutEvents on the home region's default bus."
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
