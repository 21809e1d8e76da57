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
  description = "Other subscriptions, by a key of your choice. filter_policy is JSON over the attributes outcome, severity, event_name and account; alarms carry no attributes, so a filtered subscription does not get them."
  type = map(object({
    protocol             = string
    endpoint             = string
    raw_message_delivery = optional(bool, false)
    filter_policy        = optional(string)
    filter_policy_scope  = optional(string, "MessageAttributes")
  }))
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for s in var.subscriptions : contains(["sqs", "lambda", "https", "sms", "email", "email-json", "application"], s.protocol)])
    error_message = "A subscription's protocol must be sqs, lambda, https, sms, email, email-json or application; plain http would carry notices unencrypted."
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

variable "tags" {
  description = "Tags for everything the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
