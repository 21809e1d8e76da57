variable "name" {
  description = "Prefix of everything Trailkeeper makes, and the name of the trail if it makes one."
  type        = string
  default     = "trailkeeper"
  nullable    = false
}

variable "package" {
  description = "Path of the function's zip, built for var.architecture. Terraform never builds it."
  type        = string
  nullable    = false
}

variable "architecture" {
  description = "Instruction set the package was built for: arm64 or x86_64."
  type        = string
  default     = "arm64"
  nullable    = false
}

variable "create_trail" {
  description = "Make a trail with its own log bucket and key."
  type        = bool
  default     = true
  nullable    = false
}

variable "existing_trails" {
  description = "Trails that are already there and shall be protected too, by ARN. {} protects the logging state alone; baseline declares more, see \"Baselines\". Their home region must be the provider's region."
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
  default  = {}
  nullable = false
}

variable "mode" {
  description = "enforce heals; observe only reports what enforce would do, and the role lacks the permissions to heal."
  type        = string
  default     = "enforce"
  nullable    = false
}

variable "understudy" {
  description = "Make the same function a second time, with a role and a schedule of its own: it sweeps too, and takes over when the responder's function, role, concurrency or schedule is taken."
  type        = bool
  default     = true
  nullable    = false
}

variable "change_principals" {
  description = "ARNs of roles and users, such as the pipeline's role, whose changes are reported as information. What differs from the baseline is healed all the same."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "peer_roles" {
  description = "ARNs of the roles of other responders for the same trails, whose calls are no attack. In a member of an organisation that has a hub too: the role NAME-remediation."
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

variable "containment" {
  description = "Limits the actor of the second incident within an hour: an IAM user can do nothing any more, of a role the sessions issued until then. principals: who may be contained, user/NAME or role/NAME of this account, with * for anything; exempt: who never is, beside root, AWS's own roles, responders, change_principals and break-glass. {} means all; null, no containment and no permission for it. Read docs/containment.md first."
  type = object({
    principals = optional(list(string), ["user/*", "role/*"])
    exempt     = optional(list(string), [])
  })
  default = null
}

variable "sweep_interval_minutes" {
  description = "Minutes between two sweeps, which compare every trail with its baseline whether an event came or not."
  type        = number
  default     = 5
  nullable    = false
}

variable "organization" {
  description = "Make the trail made here the organisation's: it records all accounts. For the management account or the delegated administrator; the management account owns the trail in either case. id: o-...; null: this account's trail."
  type = object({
    id                    = string
    management_account_id = string
  })
  default = null
}

variable "event_selectors" {
  description = "Which events the trail made here records, basic form. null, with advanced_event_selectors null too, means CloudTrail's default: all management events, no data events."
  type = list(object({
    read_write_type                  = optional(string, "All")
    include_management_events        = optional(bool, true)
    exclude_management_event_sources = optional(list(string), [])
    data_resources = optional(list(object({
      type   = string
      values = list(string)
    })), [])
  }))
  default = null
}

variable "advanced_event_selectors" {
  description = "Which events the trail made here records, advanced form. null means that event_selectors says it."
  type = list(object({
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
  }))
  default = null
}

variable "insight_selectors" {
  description = "Which kinds of unusual activity CloudTrail looks for in the trail made here, at a price, for instance [{ insight_type = \"ApiCallRateInsight\" }]."
  type = list(object({
    insight_type = string
  }))
  default  = []
  nullable = false
}

variable "s3_key_prefix" {
  description = "Prefix of the keys of the logs of the trail made here, before AWSLogs/."
  type        = string
  default     = ""
  nullable    = false
}

variable "log_retention_days" {
  description = "Days until a log expires in the bucket of the trail made here."
  type        = number
  default     = 365
  nullable    = false
}

variable "log_object_lock" {
  description = "Lock every log of the trail made here against deletion, for instance { mode = \"GOVERNANCE\", days = 90 }. Fixed when the bucket is made; null means no lock."
  type = object({
    mode = optional(string, "GOVERNANCE")
    days = number
  })
  default = null
}

variable "force_destroy_logs" {
  description = "Let terraform destroy delete the log bucket with its logs. Apply it before the destroy. Off: a bucket with logs and its key are kept and destroy fails."
  type        = bool
  default     = false
  nullable    = false
}

variable "guard_evidence" {
  description = "Guard the log bucket and the key of the trail made here too: see docs/evidence.md."
  type        = bool
  default     = true
  nullable    = false
}

variable "guard_responder" {
  description = "Guard the responder too, its rules, schedule and function: see docs/guard.md."
  type        = bool
  default     = true
  nullable    = false
}

variable "restore_key_policy" {
  description = "Put back the policy and the rotation of that key too. Off: a change is reported, and left to people. The key is made usable again in either case."
  type        = bool
  default     = false
  nullable    = false
}

variable "recreate_log_bucket" {
  description = "Make the log bucket again, empty, if somebody deletes it. Off: a critical notice says what to do."
  type        = bool
  default     = false
  nullable    = false
}

variable "log_bucket_set_elsewhere" {
  description = "What of the log bucket something else sets, and Trailkeeper leaves alone: notification, replication, logging. What is not named here is to be absent, and removed if it is there."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.log_bucket_set_elsewhere, ["notification", "replication", "logging"])) == 0
    error_message = "log_bucket_set_elsewhere must hold nothing but notification, replication and logging."
  }
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
  description = "Tell the Security Hub of this account and region of every incident, as a finding that is resolved when the trail is as declared again. Security Hub must be enabled here: it is not made, and what it does not take makes the invocation fail."
  type        = bool
  default     = false
  nullable    = false
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for the responder, so that load elsewhere cannot starve it. null or -1 reserves nothing: needed in new accounts with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 5
}

variable "permissions_boundary" {
  description = "ARN of a policy that bounds the roles made here; null for none. Pipelines that may make bounded roles only need it: workload_boundary_arn of the module pipeline-roles."
  type        = string
  default     = null
}

variable "only_changed_by" {
  description = "Patterns of the ARNs of roles and users, * allowed, who alone may change the log bucket, its key, the topics, the dead-letter queue and the table of told incidents, or delete logs; beside them the account's root user. Terraform's own principal must be among them. [] leaves it to IAM."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "tags" {
  description = "Tags for everything Trailkeeper makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
