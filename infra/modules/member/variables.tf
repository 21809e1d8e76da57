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

variable "hub" {
  description = "The hub in the security account: the output hub of the module organization."
  type = object({
    role_arn        = string
    bus_arn         = string
    external_id     = string
    organization_id = string
  })
  nullable = false

  validation {
    # No wildcard and no root: one role of one account is trusted.
    condition     = can(regex("^arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@/_-]+$", var.hub.role_arn))
    error_message = "hub.role_arn must be the ARN of the hub's role, arn:<partition>:iam::<account>:role/<name>."
  }

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:events:[a-z0-9-]+:[0-9]{12}:event-bus/[A-Za-z0-9._-]{1,256}$", var.hub.bus_arn))
    error_message = "hub.bus_arn must be the ARN of the hub's event bus, arn:<partition>:events:<region>:<account>:event-bus/<name>."
  }

  validation {
    # What STS takes is 2 to 1224 of these; shorter ones could be guessed.
    condition     = can(regex("^[A-Za-z0-9+=,.@:/_-]{16,128}$", var.hub.external_id))
    error_message = "hub.external_id must have 16 to 128 characters of A-Z a-z 0-9 + = , . @ : / _ -."
  }

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.hub.organization_id))
    error_message = "hub.organization_id must be the id of the organisation, o- and 10 to 32 lower-case letters and digits."
  }
}

variable "baselines" {
  description = "The trails of this account that the hub heals: the output member_baselines of the module organization. {account} in them becomes the id of the provider's account. Their home region must be the provider's region."
  type = list(object({
    trail_arn        = string
    parameter_name   = string
    parameter_path   = string
    can_be_recreated = bool
    guards = object({
      settings          = bool
      event_selectors   = bool
      insight_selectors = bool
      tags              = bool
    })
    cloud_watch_logs_role_arn = optional(string)
    is_organization_trail     = optional(bool, false)
  }))
  nullable = false

  validation {
    condition     = length(var.baselines) > 0
    error_message = "There is no trail to heal. Name at least one."
  }

  validation {
    condition     = alltrue([for b in var.baselines : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}|\\{account\\}):trail/[A-Za-z0-9._-]{3,128}$", b.trail_arn))])
    error_message = "Every trail_arn in baselines must be a full ARN, arn:<partition>:cloudtrail:<region>:<account or {account}>:trail/<name>."
  }
}

variable "mode" {
  description = "enforce heals; observe lets the hub only look: the role lacks the permissions to heal."
  type        = string
  default     = "enforce"
  nullable    = false

  validation {
    condition     = contains(["enforce", "observe"], var.mode)
    error_message = "mode must be enforce or observe."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that limits the roles; null for none. It must allow what the roles do."
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
