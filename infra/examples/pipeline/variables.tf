variable "repository" {
  description = "GitHub repository whose workflows deploy, ORG/REPO: the one that calls them, not Trailkeeper's."
  type        = string
  default     = "example/infrastructure"
}

variable "branch" {
  description = "Branch from which it deploys."
  type        = string
  default     = "main"
}

variable "environment" {
  description = "GitHub environment of the apply; its reviewers approve. The drill's is this name and -drill."
  type        = string
  default     = "production"
}

variable "existing_provider_arn" {
  description = "ARN of the account's OIDC provider for GitHub, if there is one already."
  type        = string
  default     = null
}

variable "state" {
  description = "Bucket and keys of the Terraform state of what is deployed; null if it is not in S3."
  type = object({
    bucket      = string
    keys        = list(string)
    kms_key_arn = optional(string)
  })
  default = null
}

variable "drill_trail_arns" {
  description = "Trails that the pipeline may stop for a drill; none makes no role for it."
  type        = list(string)
  default     = []
}

variable "drill_topic_arn" {
  description = "Topic that gets the notices, for a drill that waits for them too: the output alerts_topic_arn of what is deployed. null: it does not."
  type        = string
  default     = null
}

variable "require_workload_boundary" {
  description = "Let the pipeline make roles only with the boundary in the output workload_boundary_arn."
  type        = bool
  default     = true
}

variable "guarded_trail_arns" {
  description = "ARNs of trails that are guarded and not named trailkeeper or trailkeeper-...: roles made by the pipeline may heal these too."
  type        = list(string)
  default     = []
}

variable "topic_arns" {
  description = "ARNs of topics for notices that are not named trailkeeper-...."
  type        = list(string)
  default     = []
}

variable "stack_sets" {
  description = "Let the pipeline deploy a hub: the module organization with its StackSets."
  type        = bool
  default     = false
}

variable "allow_trust_changes" {
  description = "Let the pipeline change who may assume a role that is there, for an upgrade whose plan does that."
  type        = bool
  default     = false
}
