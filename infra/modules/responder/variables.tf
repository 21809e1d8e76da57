variable "name" {
  description = "Prefix of everything the module makes."
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

  validation {
    condition     = contains(["arm64", "x86_64"], var.architecture)
    error_message = "architecture must be arm64 or x86_64."
  }
}

variable "baselines" {
  description = "The trails to protect: for each one the output baseline of the module baseline or trail. Their home region must be the provider's region, their account the provider's account, but for an organisation's trail that a delegated administrator heals. May be empty with hub."
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
    condition     = length(var.baselines) > 0 || var.hub != null
    error_message = "There is no trail to protect. Let Trailkeeper make one (create_trail) or name those you have (existing_trails)."
  }

  validation {
    condition     = alltrue([for b in var.baselines : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]{3,128}$", b.trail_arn))])
    error_message = "Every trail_arn in baselines must be a full ARN, arn:<partition>:cloudtrail:<region>:<account>:trail/<name>."
  }

  validation {
    condition     = length(distinct([for b in var.baselines : b.trail_arn])) == length(var.baselines)
    error_message = "Every trail can have one baseline only, and baselines holds two for one trail. Name each trail once; the trail made here needs no entry in existing_trails."
  }
}

variable "evidence" {
  description = "What belongs to these trails and is guarded too, in the provider's account and region: the output evidence of the module trail. One of each kind."
  type = list(object({
    kind           = string
    arn            = string
    alias          = optional(string)
    trail_arn      = string
    parameter_name = string
    restored       = list(string)
  }))
  default  = []
  nullable = false

  validation {
    condition     = length(distinct([for thing in var.evidence : thing.kind])) == length(var.evidence) && alltrue([for thing in var.evidence : contains(["log_bucket", "log_key"], thing.kind)])
    error_message = "evidence must hold one thing of each kind at most, and kind must be log_bucket or log_key."
  }

  validation {
    condition     = alltrue([for thing in var.evidence : contains([for b in var.baselines : b.trail_arn], thing.trail_arn)])
    error_message = "Every trail_arn in evidence must be one of a trail in baselines."
  }
}

variable "hub" {
  description = "Makes the responder the hub of an organisation: it heals the members' trails from outside, through the role NAME-remediation in each account, and sweeps all accounts. bus_name: the bus that members send to. member_baselines: as baselines; an ARN with {account} is a trail that every account has. external_id: what the members' role asks for. excluded_accounts are left alone. fan_out spreads the sweep over many runs. null: no hub."
  type = object({
    organization_id = string
    bus_name        = string
    member_baselines = list(object({
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
    external_id       = string
    excluded_accounts = optional(list(string), [])
    fan_out           = optional(bool, false)
  })
  default = null

  validation {
    condition     = var.hub == null ? true : can(regex("^o-[a-z0-9]{10,32}$", var.hub.organization_id))
    error_message = "hub.organization_id must be the id of the organisation, o- and 10 to 32 lower-case letters and digits."
  }

  validation {
    condition     = var.hub == null ? true : length(var.hub.member_baselines) > 0
    error_message = "hub.member_baselines is empty: there is no trail to protect in the members. Name at least one."
  }

  validation {
    condition     = var.hub == null ? true : alltrue([for b in var.hub.member_baselines : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:([0-9]{12}|\\{account\\}):trail/[A-Za-z0-9._-]{3,128}$", b.trail_arn))])
    error_message = "Every trail_arn in hub.member_baselines must be a full ARN, arn:<partition>:cloudtrail:<region>:<account or {account}>:trail/<name>."
  }

  validation {
    condition     = var.hub == null ? true : length(distinct([for b in var.hub.member_baselines : b.trail_arn])) == length(var.hub.member_baselines)
    error_message = "Every trail can have one baseline only, and hub.member_baselines holds two for one trail."
  }

  validation {
    # What STS takes is 2 to 1224 of these; shorter ones could be guessed.
    condition     = var.hub == null ? true : can(regex("^[A-Za-z0-9+=,.@:/_-]{16,128}$", var.hub.external_id))
    error_message = "hub.external_id must have 16 to 128 characters of A-Z a-z 0-9 + = , . @ : / _ -."
  }

  validation {
    condition     = var.hub == null ? true : alltrue([for id in var.hub.excluded_accounts : can(regex("^[0-9]{12}$", id))])
    error_message = "hub.excluded_accounts must hold account ids of 12 digits."
  }

  validation {
    condition     = var.hub == null ? true : can(regex("^[A-Za-z0-9._/-]{1,256}$", var.hub.bus_name)) && var.hub.bus_name != "default"
    error_message = "hub.bus_name must be the name of a bus of its own, not the default one and not an ARN."
  }

  validation {
    condition     = try(var.hub.fan_out, false) ? coalesce(var.reserved_concurrency, -1) == -1 || coalesce(var.reserved_concurrency, -1) >= 4 : true
    error_message = "With hub.fan_out, reserved_concurrency must be 4 or more, or null: half of the runs are kept for events, and Lambda gives the shared sweep two at least. Raise reserved_concurrency, or set hub.fan_out = false."
  }
}

variable "peer_roles" {
  description = "ARNs of the roles of other responders for the same trails, whose calls are no attack; {account} stands for the account of the call. In a member with a responder of its own: the role NAME-remediation."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.peer_roles : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|\\{account\\}):role/[A-Za-z0-9+=.@/_-]+$", arn))])
    error_message = "peer_roles must hold ARNs of IAM roles, arn:<partition>:iam::<account or {account}>:role/<name>."
  }
}

variable "trails_ready" {
  description = "ARNs of those trails that the same configuration makes: rule and schedule wait for them, and on destroy go before them."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "mode" {
  description = "enforce heals; observe only reports what enforce would do, and the role lacks the permissions to heal."
  type        = string
  default     = "enforce"
  nullable    = false

  validation {
    condition     = contains(["enforce", "observe"], var.mode)
    error_message = "mode must be enforce or observe."
  }
}

variable "understudy" {
  description = "Make the same function a second time, with a role and a schedule of its own: it sweeps too, and takes over when the responder's function, role, concurrency or schedule is taken. Only for trails in baselines."
  type        = bool
  default     = true
  nullable    = false
}

variable "change_principals" {
  description = "ARNs of roles and users, such as the pipeline's role, whose changes are reported as information; in a hub {account} stands for the account of the change. What differs from the baseline is healed all the same."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    # Without a comma, although IAM knows it: the function's list is separated by it.
    condition     = alltrue([for arn in var.change_principals : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|\\{account\\}):(role|user)/[A-Za-z0-9+=.@/_-]+$", arn))])
    error_message = "change_principals must hold ARNs of IAM roles or users, arn:<partition>:iam::<account or {account}>:role/<name>; for a session, its role."
  }
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

  validation {
    # Never everybody: the name begins with something.
    condition     = alltrue([for e in var.break_glass : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|\\{account\\}):(role|user)/([A-Za-z0-9+=,.@_/-]+|[A-Za-z0-9+=,.@_-][A-Za-z0-9+=,.@_/-]{2,}[*][A-Za-z0-9+=,.@_/*-]*)$", e.principal))])
    error_message = "break_glass: principal must be the ARN of an IAM role or user, arn:<partition>:iam::<account or {account}>:role/<name>, with three characters of the name or more before its first *; for a session, its role."
  }

  validation {
    condition     = alltrue([for e in var.break_glass : can(regex("^[^\\p{Cc}]{1,200}$", e.reason)) && trimspace(e.reason) != ""])
    error_message = "break_glass: reason must have 1 to 200 characters and no line break or other control character. Say who allowed it, or where that is written."
  }

  validation {
    condition     = alltrue([for e in var.break_glass : can(timecmp(e.expires_at, e.expires_at))])
    error_message = "break_glass: expires_at must be a time of RFC 3339, such as 2026-11-30T18:00:00Z."
  }

  validation {
    # An expired entry may stay: a scheduled plan is not to fail for it.
    condition     = alltrue([for e in var.break_glass : try(timecmp(e.expires_at, timeadd(plantimestamp(), "168h")) <= 0, true)])
    error_message = "break_glass: expires_at must be at most 7 days ahead. There is no permanent exemption: change the baseline for what is to stay."
  }
}

variable "containment" {
  description = "Limits the actor of the second incident within an hour: an IAM user can do nothing any more, of a role the sessions issued until then. principals: who may be contained, user/NAME or role/NAME of this account, with * for anything; exempt: who never is, beside root, AWS's own roles, responders, change_principals and break-glass. {} means all; null, no containment and no permission for it. Read docs/containment.md first."
  type = object({
    principals = optional(list(string), ["user/*", "role/*"])
    exempt     = optional(list(string), [])
  })
  default = null

  validation {
    condition     = var.containment == null ? true : length(var.containment.principals) > 0
    error_message = "containment.principals is empty, so nobody would be contained. Name users or roles, or set containment = null."
  }

  validation {
    # In a policy, only * is to mean something.
    condition     = var.containment == null ? true : alltrue([for p in concat(var.containment.principals, var.containment.exempt) : can(regex("^(user|role)/[A-Za-z0-9+=,.@_/*-]+$", p))])
    error_message = "containment: principals and exempt must hold user/<path and name> or role/<path and name>, in which * stands for anything."
  }
}

variable "sweep_interval_minutes" {
  description = "Minutes between two sweeps, which compare every trail with its baseline whether an event came or not."
  type        = number
  default     = 5
  nullable    = false

  validation {
    condition     = var.sweep_interval_minutes >= 1 && var.sweep_interval_minutes <= 60 && floor(var.sweep_interval_minutes) == var.sweep_interval_minutes
    error_message = "sweep_interval_minutes must be a whole number from 1 to 60."
  }

  validation {
    condition     = var.hub == null || var.sweep_interval_minutes >= 5
    error_message = "A hub's sweep may take five minutes, and the next one must not come before: sweep_interval_minutes must be 5 or more with hub."
  }
}

variable "topic_arn" {
  description = "ARN of the SNS topic for notices and alarms, in the provider's region. Its policy must let CloudWatch alarms publish."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.topic_arn))
    error_message = "topic_arn must be the ARN of a standard SNS topic."
  }
}

variable "chat_topic_arn" {
  description = "ARN of the SNS topic for chats, in the provider's region and encrypted as topic_arn is; null if there is none. It gets messages in the schema of Amazon Q Developer in chat applications."
  type        = string
  default     = null

  validation {
    condition     = var.chat_topic_arn == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.chat_topic_arn))
    error_message = "chat_topic_arn must be the ARN of a standard SNS topic."
  }
}

variable "security_hub" {
  description = "Tell the Security Hub of this account and region of every incident, as a finding that is resolved when the trail is as declared again. Security Hub must be enabled here: it is not made, and what it does not take makes the invocation fail."
  type        = bool
  default     = false
  nullable    = false
}

variable "topic_kms_key_arn" {
  description = "ARN of the customer key that encrypts the topic, and the topic for chats; null if it has none."
  type        = string
  default     = null

  validation {
    condition     = var.topic_kms_key_arn == null ? true : can(regex("^arn:aws[a-z-]*:kms:[a-z0-9-]+:[0-9]{12}:key/", var.topic_kms_key_arn))
    error_message = "topic_kms_key_arn must be the ARN of a key, not of an alias."
  }
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for the responder, so that load elsewhere cannot starve it; with hub.fan_out at least 4, of which the shared sweep takes half. null or -1 reserves nothing: needed in new accounts with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 5

  validation {
    condition     = var.reserved_concurrency == null ? true : var.reserved_concurrency == -1 || (var.reserved_concurrency >= 1 && floor(var.reserved_concurrency) == var.reserved_concurrency)
    error_message = "reserved_concurrency must be a whole number, 1 or more, or null or -1 for none. 0 would switch the responder off."
  }
}

variable "memory_size" {
  description = "Memory of the function in MB. CPU grows with it."
  type        = number
  default     = 256
  nullable    = false

  validation {
    condition     = var.memory_size >= 128 && var.memory_size <= 10240 && floor(var.memory_size) == var.memory_size
    error_message = "memory_size must be a whole number from 128 to 10240."
  }
}

variable "log_retention_days" {
  description = "Days the function's own log is kept."
  type        = number
  default     = 365
  nullable    = false

  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be a period that CloudWatch Logs knows: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }
}

variable "guard_responder" {
  description = "Guard the responder too: its rules, schedule and concurrency are put back, and what else is done to its function, or to what that leans on, is told at once. docs/guard.md"
  type        = bool
  default     = true
  nullable    = false
}

variable "topic_evidence" {
  description = "What is declared of the topic and its key, if they are guarded too: the output evidence of the module notifications. The topic's ARN is topic_arn. null if the topic is somebody else's."
  type = object({
    arn                = string
    parameter_name     = string
    key_arn            = string
    key_parameter_name = string
  })
  default = null

  validation {
    condition     = var.topic_evidence == null ? true : can(regex("^arn:aws[a-z-]*:sns:", var.topic_evidence.arn)) && can(regex("^/trailkeeper/${var.name}/guard/topic/[0-9a-f]{64}$", var.topic_evidence.parameter_name)) && can(regex("^arn:aws[a-z-]*:kms:", var.topic_evidence.key_arn)) && can(regex("^/trailkeeper/${var.name}/guard/topic_key/[0-9a-f]{64}$", var.topic_evidence.key_parameter_name))
    error_message = "topic_evidence must be the output evidence of a module notifications of the same name: the role reads below that name only."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the roles made here; null for none. Pipelines that may make bounded roles only need it: workload_boundary_arn of the module pipeline-roles."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of an IAM policy."
  }
}

variable "only_changed_by" {
  description = "Patterns of the ARNs of roles and users, * allowed, who alone may change or delete the dead-letter queue and the table of told incidents; beside them the account's root user. Terraform's own principal must be among them. [] leaves it to IAM."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.only_changed_by : can(regex("^arn:(\\*|aws[a-z-]*):iam::(\\*|[0-9]{12}):(role|user)/[A-Za-z0-9+=,.@/_*?-]*[A-Za-z0-9][A-Za-z0-9+=,.@/_*?-]*$", arn))])
    error_message = "only_changed_by must hold ARNs of roles or users, arn:<partition or *>:iam::<account or *>:role/<name>, whose name is not only a wildcard."
  }
}

variable "tags" {
  description = "Tags for everything the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
