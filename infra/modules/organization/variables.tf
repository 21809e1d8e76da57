variable "name" {
  description = "Prefix of everything that is made here and in the members."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "package" {
  description = "Path of the function's zip, built for var.architecture. Terraform never builds it."
  type        = string
  nullable    = false

  validation {
    condition     = fileexists(var.package)
    error_message = "There is no file ${var.package}. Build the package or download it first, and give its path."
  }
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "organization_id" {
  description = "Id of the organisation, o-... Only its accounts may send events, and only while the security account is one of them may it heal."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^o-[a-z0-9]{10,32}$", var.organization_id))
    error_message = "organization_id must be the id of the organisation, o- and 10 to 32 lower-case letters and digits; not the id of its root (r-...)."
  }
}

variable "external_id" {
  description = "External id that the hub names when it assumes the role in a member: 16 to 128 characters that nobody can guess, for instance of `uuidgen`. Not a secret: it stands in every member's trust policy."
  type        = string
  nullable    = false

  validation {
    # What STS takes is 2 to 1224 of these; shorter ones could be guessed.
    condition     = can(regex("^[A-Za-z0-9+=,.@:/_-]{16,128}$", var.external_id))
    error_message = "external_id must have 16 to 128 characters of A-Z a-z 0-9 + = , . @ : / _ -."
  }

  validation {
    condition     = can(regex("^[A-Za-z0-9+=,.@:/_-]+$", var.external_id)) ? length(distinct(split("", var.external_id))) >= 8 : true
    error_message = "external_id repeats a few characters and could be guessed. Take one from `uuidgen`."
  }
}

variable "member_trails" {
  description = "The trails of the members, by ARN. {account} in the ARN, and anywhere in the baseline, stands for the id of each account: a trail that every account has. With an id it is a trail of that account only. {} protects the logging state alone; baseline declares more. Their home region must be the provider's region."
  type = map(object({
    baseline = optional(object({
      # Of a captured document: checked, never needed.
      schema     = optional(string)
      version    = optional(number)
      trail_arn  = optional(string)
      is_logging = optional(bool)

      s3_bucket_name                = optional(string)
      s3_key_prefix                 = optional(string)
      sns_topic_name                = optional(string)
      kms_key_id                    = optional(string)
      is_multi_region_trail         = optional(bool)
      include_global_service_events = optional(bool)
      enable_log_file_validation    = optional(bool)
      cloud_watch_logs_group_arn    = optional(string)
      cloud_watch_logs_role_arn     = optional(string)
      is_organization_trail         = optional(bool)

      event_selectors = optional(list(object({
        read_write_type                  = optional(string)
        include_management_events        = optional(bool)
        exclude_management_event_sources = optional(list(string))
        data_resources = optional(list(object({
          type   = string
          values = list(string)
        })))
      })))
      advanced_event_selectors = optional(list(object({
        name = optional(string)
        field_selectors = list(object({
          field           = string
          equals          = optional(list(string))
          not_equals      = optional(list(string))
          starts_with     = optional(list(string))
          not_starts_with = optional(list(string))
          ends_with       = optional(list(string))
          not_ends_with   = optional(list(string))
        }))
      })))
      insight_selectors = optional(list(object({
        insight_type     = string
        event_categories = optional(list(string))
      })))
      tags = optional(map(string))
    }), {})
  }))
  nullable = false

  validation {
    condition     = length(var.member_trails) > 0
    error_message = "There is no trail to protect in the members. Name at least one, for instance arn:aws:cloudtrail:eu-central-1:{account}:trail/audit = {}."
  }

  validation {
    condition     = alltrue([for arn in keys(var.member_trails) : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}|\\{account\\}):trail/[A-Za-z0-9._-]{3,128}$", arn))])
    error_message = "Every key of member_trails must be the full ARN of a trail, arn:<partition>:cloudtrail:<region>:<account or {account}>:trail/<name>."
  }
}

variable "baselines" {
  description = "Trails of the security account itself: for each one the output baseline of the module baseline or trail. StackSets leave this account out, so a trail that every account has needs an entry here too."
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
}

variable "trails_ready" {
  description = "ARNs of those trails that the same configuration makes: rule and schedule wait for them, and on destroy go before them."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "stack_sets" {
  description = "Roll out to these organizational units, or the root (r-...), with service-managed CloudFormation StackSets, new accounts included; null if the members are managed by Terraform. call_as: DELEGATED_ADMIN in the security account, SELF in the management account. member_responder: every account also gets a responder of its own."
  type = object({
    organizational_unit_ids = list(string)
    call_as                 = optional(string, "DELEGATED_ADMIN")
    member_responder        = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.stack_sets == null ? true : length(var.stack_sets.organizational_unit_ids) > 0
    error_message = "stack_sets.organizational_unit_ids is empty. Name the root (r-...) for all accounts, or organizational units (ou-...)."
  }

  validation {
    condition     = var.stack_sets == null ? true : alltrue([for id in var.stack_sets.organizational_unit_ids : can(regex("^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32})$", id))])
    error_message = "stack_sets.organizational_unit_ids must hold ids of organizational units (ou-...-...) or the root (r-...); accounts cannot be named one by one."
  }

  validation {
    condition     = var.stack_sets == null ? true : length(distinct(var.stack_sets.organizational_unit_ids)) == length(var.stack_sets.organizational_unit_ids)
    error_message = "stack_sets.organizational_unit_ids names one unit twice."
  }

  validation {
    # Its accounts would belong to two operations, and lose their stack with the first.
    condition     = var.stack_sets == null ? true : !anytrue([for id in var.stack_sets.organizational_unit_ids : startswith(id, "r-")]) || length(var.stack_sets.organizational_unit_ids) == 1
    error_message = "stack_sets.organizational_unit_ids holds the root, which is all accounts, and more. Name the root alone, or units of which none lies in another."
  }

  validation {
    condition     = var.stack_sets == null ? true : contains(["DELEGATED_ADMIN", "SELF"], var.stack_sets.call_as)
    error_message = "stack_sets.call_as must be DELEGATED_ADMIN, in the security account, or SELF, in the management account."
  }

  validation {
    condition     = try(var.stack_sets.member_responder, false) ? anytrue([for arn in keys(var.member_trails) : strcontains(arn, "{account}")]) : true
    error_message = "stack_sets.member_responder needs a trail that every account has: one of member_trails with {account} for the account's id."
  }
}

variable "member_responders" {
  description = "Members have responders of their own, by Terraform: the hub takes the calls of roles NAME-responder for no attack, and they may publish to the topic. Needless with stack_sets.member_responder."
  type        = bool
  default     = false
  nullable    = false
}

variable "excluded_accounts" {
  description = "Ids of accounts that are left alone: no stack, no healing, no sweep."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for id in var.excluded_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "excluded_accounts must hold account ids of 12 digits."
  }
}

variable "sweep_fan_out" {
  description = "Spread the sweep over many runs of the function through a queue: for more accounts than one run can visit, some hundreds."
  type        = bool
  default     = false
  nullable    = false
}

variable "mode" {
  description = "enforce heals; observe only reports what enforce would do, and the roles lack the permissions to heal."
  type        = string
  default     = "enforce"
  nullable    = false
}

variable "change_principals" {
  description = "ARNs of roles and users, such as the pipeline's role, whose changes are reported as information; {account} stands for the account of the change. What differs from the baseline is healed all the same."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "break_glass" {
  description = "Whose changes of a trail are left alone for a time, and why; always told, healed by the sweep after expires_at. principal: ARN of a role or user, with * in its name after three characters or more, {account} for the trail's account. reason: 1 to 200 characters, in the notices. expires_at: RFC 3339, at most 7 days ahead; an expired entry has no effect. docs/break-glass.md"
  type = list(object({
    principal  = string
    reason     = string
    expires_at = string
  }))
  default  = []
  nullable = false
}

variable "sweep_interval_minutes" {
  description = "Minutes between two sweeps, which compare every trail of every account with its baseline whether an event came or not."
  type        = number
  default     = 5
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for the hub's responder, so that load elsewhere cannot starve it. null or -1 reserves nothing: needed in new accounts with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 20
}

variable "notification_emails" {
  description = "Addresses that get notices and alarms. Each must confirm the mail that AWS sends."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "subscriptions" {
  description = "Other subscriptions to the topic, by a key of your choice, for instance { queue = { protocol = \"sqs\", endpoint = \"<queue ARN>\", severities = [\"critical\"] } }: see the module notifications."
  type = map(object({
    protocol             = string
    endpoint             = string
    severities           = optional(list(string))
    raw_message_delivery = optional(bool, false)
    filter_policy        = optional(string)
    filter_policy_scope  = optional(string, "MessageAttributes")
    allow_invoke         = optional(bool, false)
  }))
  default  = {}
  nullable = false
}

variable "chat" {
  description = "Notices in Slack or Microsoft Teams, through Amazon Q Developer in chat applications, over a topic of their own. Channels by a name of your choice; the workspace or team must have been authorised in the console of Amazon Q Developer once. {} makes the topic alone; null nothing."
  type = object({
    slack = optional(map(object({
      team_id    = string
      channel_id = string
    })), {})
    teams = optional(map(object({
      tenant_id  = string
      team_id    = string
      channel_id = string
    })), {})
  })
  default = null
}

variable "security_hub" {
  description = "Tell the Security Hub of the hub's account and region of every incident that the hub answers, the members' too, as a finding that is resolved when the trail is as declared again. Security Hub must be enabled there: it is not made, and what it does not take makes the invocation fail."
  type        = bool
  default     = false
  nullable    = false
}

variable "service_control_policy_targets" {
  description = "Ids of the root, units or accounts whose administrators a service control policy keeps off the trails, member_trails and baselines, and off Trailkeeper. Needs that policies are managed here: in the management account, or delegated. None: no policy."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "exempt_principals" {
  description = "ARNs of roles that the service control policy lets change what it protects, such as the pipeline's; account and parts of the name may be *."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "evidence_arns" {
  description = "ARNs of where the trails' logs are, which that policy keeps everybody else off: buckets and log groups, whose names may hold *, and keys. For instance arn:aws:s3:::audit-logs-*."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags for everything that is made, in the members too."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "permissions_boundary" {
  description = "ARN of a permissions boundary for the roles that are made in the security account, for instance of a pipeline that may make no role without one; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of an IAM policy, or null."
  }
}
