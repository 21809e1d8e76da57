variable "hub" {
  description = "The hub: from the output for_members of examples/organization."
  type = object({
    role_arn        = string
    bus_arn         = string
    external_id     = string
    organization_id = string
  })
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
}

variable "global_events_region" {
  description = "Region that records global events: us-east-1, us-gov-west-1 in GovCloud, cn-northwest-1 in China."
  type        = string
  default     = "us-east-1"
}
