variable "name" {
  description = "Prefix of everything the stack makes: the same as the hub's."
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
  description = "The trails that the hub heals in the members: the output baseline of the module baseline for each. {account} in them becomes the id of the stack's account; a trail with an account's id is of that account only. None: the stack only forwards events."
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
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for b in var.baselines : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}|\\{account\\}):trail/[A-Za-z0-9._-]{3,128}$", b.trail_arn))])
    error_message = "Every trail_arn in baselines must be a full ARN, arn:<partition>:cloudtrail:<region>:<account or {account}>:trail/<name>."
  }
}

variable "mode" {
  description = "enforce heals; observe only looks: the roles lack the permissions to heal."
  type        = string
  default     = "enforce"
  nullable    = false

  validation {
    condition     = contains(["enforce", "observe"], var.mode)
    error_message = "mode must be enforce or observe."
  }
}

variable "excluded_accounts" {
  description = "Ids of accounts in which the stack stays empty. The hub's own account is always one of them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.excluded_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "excluded_accounts must hold account ids of 12 digits."
  }

  validation {
    # A template takes 200 conditions, and some are needed for other things.
    condition     = length(distinct(var.excluded_accounts)) <= 150
    error_message = "excluded_accounts may hold 150 accounts. Put accounts that shall be left alone into an organizational unit of their own, and leave that one out."
  }
}

variable "responder" {
  description = "A responder of its own in every account, which heals those trails whose ARN says {account}; null for none. The package lies in a bucket of the same region. documents: the baselines' documents, by the name of their parameter."
  type = object({
    package_bucket         = string
    package_key            = string
    architecture           = string
    topic_arn              = string
    topic_kms_key_arn      = string
    documents              = map(string)
    change_principals      = optional(list(string), [])
    break_glass            = optional(list(object({ principal = string, reason = string, expires_at = string })), [])
    sweep_interval_minutes = optional(number, 5)
    memory_size            = optional(number, 256)
    log_retention_days     = optional(number, 365)
  })
  default = null

  validation {
    condition     = var.responder == null ? true : contains(["arm64", "x86_64"], var.responder.architecture)
    error_message = "responder.architecture must be arm64 or x86_64."
  }

  validation {
    condition     = var.responder == null ? true : anytrue([for b in var.baselines : split(":", b.trail_arn)[4] == "{account}"])
    error_message = "A responder in every account needs a trail that every account has. Name one in baselines with {account} for the account's id."
  }

  validation {
    condition     = var.responder == null ? true : alltrue([for b in var.baselines : can(var.responder.documents[b.parameter_name]) if split(":", b.trail_arn)[4] == "{account}"])
    error_message = "responder.documents must hold the document of every baseline whose trail's ARN says {account}, by parameter_name."
  }

  validation {
    # Systems Manager would take it for a reference to another parameter, CloudFormation for one to a secret.
    condition     = var.responder == null ? true : !anytrue([for text in values(var.responder.documents) : strcontains(text, "{{")])
    error_message = "A baseline in responder.documents holds {{, which neither Systems Manager nor CloudFormation takes for plain text. Declare the value in another way or leave it out."
  }
}
