variable "security_account_id" {
  description = "Id of the security account."
  type        = string
}

variable "service_control_policy_targets" {
  description = "Ids of the root, units or accounts whose administrators are kept off trails and Trailkeeper. None: no policy. Try one unit first."
  type        = list(string)
  default     = []
}

variable "trail_names" {
  description = "Names of the trails that the policy protects."
  type        = list(string)
  default     = ["audit"]
}

variable "guarded_trail_arns" {
  description = "ARNs of more such trails, for instance the organisation's: arn:aws:cloudtrail:eu-central-1:999988887777:trail/organization-trail."
  type        = list(string)
  default     = []
}

variable "evidence_arns" {
  description = "ARNs of where the logs are, which the policy protects too: arn:aws:s3:::audit-logs-*, keys, log groups."
  type        = list(string)
  default     = []
}

variable "exempt_principals" {
  description = "ARNs of roles that may change trails and Trailkeeper all the same, such as the pipeline's in the security account: arn:aws:iam::111122223333:role/deploy."
  type        = list(string)
  default     = []
}

variable "hub" {
  description = "The hub: from the output for_members of examples/organization. null as long as there is none."
  type = object({
    role_arn        = string
    bus_arn         = string
    external_id     = string
    organization_id = string
  })
  default = null
}

variable "member_baselines" {
  description = "The trails that the hub heals: from the output for_members of examples/organization."
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
  default = []
}

variable "mode" {
  description = "enforce, or observe: the hub only looks. From the same output."
  type        = string
  default     = "enforce"
}

variable "responder" {
  description = "Not null if members have responders of their own, which the policy then lets heal. From the same output."
  type        = object({ topic_arn = string })
  default     = null
}

variable "global_events_region" {
  description = "Region that records global events: us-east-1, us-gov-west-1 in GovCloud, cn-northwest-1 in China."
  type        = string
  default     = "us-east-1"
}
