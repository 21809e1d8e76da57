variable "name" {
  description = "Prefix of the topic and its key alias."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "email_addresses" {
  description = "Addresses that get notices and alarms. Each must confirm the mail that AWS sends."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for a in var.email_addresses : can(regex("^[^@[:space:]]+@[^@[:space:]]+$", a))])
    error_message = "Every item of email_addresses must be an e-mail address."
  }
}

variable "alarm_names" {
  description = "Names of the CloudWatch alarms that may publish to the topic, * for any characters. null means those whose name begins with var.name and a hyphen."
  type        = list(string)
  default     = null

  validation {
    condition     = var.alarm_names == null ? true : length(var.alarm_names) > 0 && alltrue([for name in var.alarm_names : length(trimspace(name)) > 0])
    error_message = "alarm_names must hold at least one name and no empty one, or be null."
  }
}

variable "subscriptions" {
  description = "Other subscriptions, by a key of your choice. severities limits the notices to some of critical, high, medium and info; filter_policy is JSON over the attributes outcome, severity, event_name and account, instead. Alarms carry no attributes, so a filtered subscription does not get them. allow_invoke lets the topic invoke a subscribed Lambda function of this account; a queue's policy is its owner's to write."
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

  validation {
    condition     = alltrue([for s in var.subscriptions : contains(["sqs", "lambda", "https", "sms", "email", "email-json", "application"], s.protocol)])
    error_message = "A subscription's protocol must be sqs, lambda, https, sms, email, email-json or application; plain http would carry notices unencrypted."
  }

  validation {
    condition = alltrue([for s in var.subscriptions : can(regex(lookup({
      https  = "^https://[^[:space:]]+$"
      sqs    = "^arn:aws[a-z-]*:sqs:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,80}$"
      lambda = "^arn:aws[a-z-]*:lambda:[a-z0-9-]+:[0-9]{12}:function:[A-Za-z0-9_-]+(:[A-Za-z0-9_$-]+)?$"
      sms    = "^\\+[1-9][0-9]{6,14}$"
      email  = "^[^@[:space:]]+@[^@[:space:]]+$"
    }, s.protocol, "."), s.endpoint))])
    error_message = "A subscription's endpoint must suit its protocol: https://... for https, the ARN of a standard queue for sqs, the ARN of a function for lambda, + and digits for sms, an address for email."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : s.severities == null ? true : length(s.severities) > 0 && alltrue([for severity in s.severities : contains(["critical", "high", "medium", "info"], severity)])])
    error_message = "A subscription's severities must be some of critical, high, medium and info, at least one, or null for all."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : s.severities == null || s.filter_policy == null])
    error_message = "A subscription takes severities or filter_policy, not both: put severity into the filter_policy."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : !s.allow_invoke || s.protocol == "lambda"])
    error_message = "allow_invoke is for the protocol lambda only."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : s.filter_policy == null ? true : can(jsondecode(s.filter_policy))])
    error_message = "A subscription's filter_policy must be JSON, for instance jsonencode({ severity = [\"critical\"] })."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : contains(["MessageAttributes", "MessageBody"], s.filter_policy_scope)])
    error_message = "A subscription's filter_policy_scope must be MessageAttributes or MessageBody."
  }

  validation {
    condition     = alltrue([for s in var.subscriptions : !s.raw_message_delivery || contains(["sqs", "https"], s.protocol)])
    error_message = "raw_message_delivery works with the protocols sqs and https only."
  }
}

variable "guard_topic" {
  description = "Declare the topic and its key for a responder that guards them: the topic's policy, key and subscriptions are put back, the key is enabled again, and a changed filter or key policy is told at once. docs/guard.md"
  type        = bool
  default     = true
  nullable    = false
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

  validation {
    condition     = alltrue([for name in try(concat(keys(var.chat.slack), keys(var.chat.teams)), []) : can(regex("^[a-z0-9]([a-z0-9-]{0,62}[a-z0-9])?$", name))])
    error_message = "A name in chat.slack and chat.teams must have lower-case letters, digits and hyphens, 64 at most: it becomes part of the configuration's name."
  }

  validation {
    condition     = length(setintersection(try(keys(var.chat.slack), []), try(keys(var.chat.teams), []))) == 0
    error_message = "A name may be in chat.slack or in chat.teams, not in both."
  }

  validation {
    condition     = alltrue([for c in try(values(var.chat.slack), []) : can(regex("^T[A-Z0-9]{2,}$", c.team_id)) && can(regex("^[CG][A-Z0-9]{2,}$", c.channel_id))])
    error_message = "In chat.slack team_id must be a workspace's id, T..., and channel_id a channel's, C... or G..., as in the channel's link."
  }

  validation {
    condition     = alltrue([for c in try(values(var.chat.teams), []) : can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", c.tenant_id)) && can(regex("^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", c.team_id)) && length(trimspace(c.channel_id)) > 0])
    error_message = "In chat.teams tenant_id and team_id must be UUIDs in lower case, and channel_id the channel's id, as in the channel's link."
  }
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the role made here for chats; null for none."
  type        = string
  default     = null

  validation {
    condition     = var.permissions_boundary == null ? true : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|aws):policy/", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a policy."
  }
}

variable "publishers" {
  description = "Responders in other accounts of the organisation that may publish too, by their role's name, and their alarms; null if there are none."
  type = object({
    organization_id = string
    role_name       = string
  })
  default = null

  validation {
    condition     = var.publishers == null ? true : can(regex("^o-[a-z0-9]{10,32}$", var.publishers.organization_id))
    error_message = "publishers.organization_id must be the id of the organisation, o- and 10 to 32 lower-case letters and digits."
  }

  validation {
    condition     = var.publishers == null ? true : can(regex("^[A-Za-z0-9+=,.@_-]{1,64}$", var.publishers.role_name))
    error_message = "publishers.role_name must be the name of a role, without wildcards."
  }
}

variable "only_changed_by" {
  description = "Patterns of the ARNs of roles and users, * allowed, who alone may change or delete the topics and their key; beside them the account's root user. Terraform's own principal must be among them. [] leaves it to IAM."
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
