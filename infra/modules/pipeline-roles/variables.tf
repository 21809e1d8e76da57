variable "name" {
  description = "Prefix of everything Trailkeeper makes in this account: the name that its modules are given."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "provider_url" {
  description = "Issuer of the pipeline's tokens, as it is in the token: GitHub's by default, https://gitlab.com for GitLab."
  type        = string
  default     = "https://token.actions.githubusercontent.com"
  nullable    = false

  validation {
    condition     = can(regex("^https://[a-z0-9.-]+(/[A-Za-z0-9._~/-]*[A-Za-z0-9._~-])?$", var.provider_url))
    error_message = "provider_url must be a URL, https://HOST or https://HOST/PATH, without a port, a query or a slash at its end."
  }
}

variable "audience" {
  description = "Audience that the tokens must be made for."
  type        = string
  default     = "sts.amazonaws.com"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9:/._-]+$", var.audience))
    error_message = "audience must be one exact value without wildcards."
  }
}

variable "existing_provider_arn" {
  description = "ARN of the account's OIDC provider for provider_url, if there is one: an account can have only one per issuer. null makes it."
  type        = string
  default     = null

  validation {
    condition     = var.existing_provider_arn == null ? true : endswith(var.existing_provider_arn, ":oidc-provider/${trimprefix(var.provider_url, "https://")}")
    error_message = "existing_provider_arn must be the ARN of an OIDC provider for provider_url, arn:<partition>:iam::<account>:oidc-provider/${trimprefix(var.provider_url, "https://")}."
  }
}

variable "plan_subjects" {
  description = "Exact subjects of tokens that may plan, for instance repo:ORG/REPO:pull_request and repo:ORG/REPO:ref:refs/heads/main."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.plan_subjects) > 0 && alltrue([for subject in var.plan_subjects : can(regex("^[A-Za-z0-9_.-]+:[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)+:[A-Za-z0-9_.@:/-]+$", subject))])
    error_message = "plan_subjects must name subjects exactly and without wildcards: repo:ORG/REPO:pull_request, repo:ORG/REPO:ref:refs/heads/BRANCH, repo:ORG/REPO:environment:ENVIRONMENT, or project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH."
  }
}

variable "apply_subjects" {
  description = "Exact subjects of tokens that may apply. On GitHub they must name an environment, because the approval is the environment's: repo:ORG/REPO:environment:ENVIRONMENT."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.apply_subjects) > 0 && alltrue([for subject in var.apply_subjects : can(regex("^[A-Za-z0-9_.-]+:[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)+:[A-Za-z0-9_.@:/-]+$", subject))])
    error_message = "apply_subjects must name subjects exactly and without wildcards: repo:ORG/REPO:environment:ENVIRONMENT, or project_path:GROUP/PROJECT:ref_type:branch:ref:BRANCH."
  }

  validation {
    condition     = alltrue([for subject in var.apply_subjects : !startswith(subject, "repo:") || can(regex("^repo:[^:]+:environment:[^:]+$", subject))])
    error_message = "apply_subjects of GitHub must be repo:ORG/REPO:environment:ENVIRONMENT: a branch or a pull request has no reviewers that AWS could rely on."
  }

  validation {
    # GitLab's subjects name a branch and no environment, and the branch that applies plans too.
    condition     = length([for subject in setintersection(var.apply_subjects, var.plan_subjects) : subject if startswith(subject, "repo:")]) == 0
    error_message = "apply_subjects and plan_subjects of GitHub must have nothing in common: whoever may plan must not be able to apply."
  }
}

variable "drill" {
  description = "Makes a third role, for subjects of its own, which may stop and start these trails and, with the topic that gets the notices, hear them for the time of a drill. null makes none."
  type = object({
    subjects   = list(string)
    trail_arns = list(string)
    topic_arn  = optional(string)
  })
  default = null

  validation {
    condition     = var.drill == null ? true : length(var.drill.subjects) > 0 && alltrue([for subject in var.drill.subjects : can(regex("^[A-Za-z0-9_.-]+:[A-Za-z0-9_.@-]+(/[A-Za-z0-9_.@-]+)+:[A-Za-z0-9_.@:/-]+$", subject)) && !endswith(subject, ":pull_request")])
    error_message = "drill.subjects must name subjects exactly and without wildcards, and no pull request: repo:ORG/REPO:environment:ENVIRONMENT."
  }

  validation {
    condition     = var.drill == null ? true : length(var.drill.trail_arns) > 0 && alltrue([for arn in var.drill.trail_arns : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]{3,128}$", arn))])
    error_message = "drill.trail_arns must be full ARNs of trails, arn:<partition>:cloudtrail:<region>:<account>:trail/<name>."
  }

  validation {
    condition     = try(var.drill.topic_arn, null) == null ? true : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", var.drill.topic_arn))
    error_message = "drill.topic_arn must be the full ARN of a topic, arn:<partition>:sns:<region>:<account>:<name>."
  }
}

variable "state" {
  description = "Where Terraform keeps the state of what the pipeline deploys: bucket, the keys of its state files, and the ARN of the customer key that encrypts the bucket, if any. null if the state is not in S3."
  type = object({
    bucket      = string
    keys        = list(string)
    kms_key_arn = optional(string)
  })
  default = null

  validation {
    condition     = var.state == null ? true : length(var.state.keys) > 0 && alltrue([for key in concat([var.state.bucket], var.state.keys) : can(regex("^[A-Za-z0-9._/=+@-]+$", key))])
    error_message = "state must name its bucket and at least one key, exactly and without wildcards."
  }

  validation {
    condition     = var.state == null ? true : !startswith(var.state.bucket, "${var.name}-")
    error_message = "state.bucket must not begin with ${var.name}-: the apply role may change the settings of such buckets."
  }
}

variable "stack_sets" {
  description = "Lets the pipeline deploy the module organization: its StackSets, and reading the organisation."
  type        = bool
  default     = false
  nullable    = false
}

variable "require_workload_boundary" {
  description = "Let the apply role make and change roles only if they carry the boundary in the output workload_boundary_arn: give it to Trailkeeper's modules as permissions_boundary. Without it, whoever controls the pipeline can make a role that may do anything."
  type        = bool
  default     = true
  nullable    = false
}

variable "guarded_trail_arns" {
  description = "ARNs of trails of other names that roles made by the pipeline may heal, such as an existing one or the organisation's. Trails of this account named NAME or NAME-... are always among them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.guarded_trail_arns : can(regex("^arn:aws[a-z-]*:cloudtrail:[a-z0-9-]+:[0-9]{12}:trail/[A-Za-z0-9._-]{3,128}$", arn))])
    error_message = "guarded_trail_arns must be full ARNs of trails, arn:<partition>:cloudtrail:<region>:<account>:trail/<name>."
  }
}

variable "topic_arns" {
  description = "ARNs of topics of other names that roles made by the pipeline may publish to. Topics named NAME-..., of any account, are always among them."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.topic_arns : can(regex("^arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,256}$", arn))])
    error_message = "topic_arns must be full ARNs of topics, arn:<partition>:sns:<region>:<account>:<name>."
  }
}

variable "allow_trust_changes" {
  description = "Let the pipeline change who may assume a role that is there, for an upgrade whose plan does that. Off: the trust of a role is that of the day it was made."
  type        = bool
  default     = false
  nullable    = false
}

variable "allow_destroy" {
  description = "Let the pipeline stop and delete the trail and delete its bucket and key, for a terraform destroy. Off: an explicit deny keeps the pipeline from destroying evidence."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags for everything the module makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
