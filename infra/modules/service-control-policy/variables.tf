variable "name" {
  description = "Prefix of everything that is protected, the same as the hub's, and of the policy's name."
  type        = string
  default     = "trailkeeper"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]([a-z0-9]|-[a-z0-9]){2,23}$", var.name)) && length(var.name) <= 24
    error_message = "The name must have 3 to 24 characters: lower-case letters, digits and single hyphens, a letter first, no hyphen last."
  }
}

variable "targets" {
  description = "Ids of the root, organisational units or accounts that the policies are attached to. The management account is never bound, whatever is named here. null makes no policy: for boundary_json alone."
  type        = list(string)

  validation {
    condition     = var.targets == null ? true : length(var.targets) > 0
    error_message = "A policy that is attached to nothing binds nobody. Name the root (r-...), organisational units (ou-...) or accounts."
  }

  validation {
    condition     = alltrue([for id in coalesce(var.targets, []) : can(regex("^(r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[0-9a-z]{8,32}|[0-9]{12})$", id))])
    error_message = "targets must hold ids of a root (r-...), of organisational units (ou-...-...) or of accounts (12 digits)."
  }
}

variable "trail_names" {
  description = "Names of the trails that nobody may weaken, in whatever account and region they are."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(var.trail_names) + length(var.guarded_trail_arns) > 0
    error_message = "Name at least one trail, in trail_names or guarded_trail_arns."
  }

  validation {
    condition     = alltrue([for name in var.trail_names : can(regex("^[A-Za-z0-9._-]{3,128}$", name))])
    error_message = "trail_names must hold names of trails, no ARNs and no wildcards."
  }
}

variable "guarded_trail_arns" {
  description = "ARNs of more such trails, for instance the organisation's; region, account and parts of the name may be *."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.guarded_trail_arns : can(regex("^arn:aws[a-z-]*:cloudtrail:(\\*|[a-z0-9-]+):(\\*|[0-9]{12}):trail/[A-Za-z0-9._*-]*[A-Za-z0-9][A-Za-z0-9._*-]*$", arn))])
    error_message = "guarded_trail_arns must hold ARNs of trails, arn:<partition>:cloudtrail:<region or *>:<account or *>:trail/<name>, whose name is not only a wildcard."
  }
}

variable "evidence_arns" {
  description = "ARNs of where the trails' logs are, which nobody may delete, change or write to: buckets and log groups, whose names may hold *, and keys. CloudTrail itself is not bound."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition = alltrue([for arn in var.evidence_arns : anytrue([
      can(regex("^arn:aws[a-z-]*:s3:::[a-z0-9.*-]*[a-z0-9]{3}[a-z0-9.*-]*$", arn)),
      can(regex("^arn:aws[a-z-]*:kms:(\\*|[a-z0-9-]+):(\\*|[0-9]{12}):key/[A-Za-z0-9-]+$", arn)),
      can(regex("^arn:aws[a-z-]*:logs:(\\*|[a-z0-9-]+):(\\*|[0-9]{12}):log-group:[A-Za-z0-9._/#*-]*[A-Za-z0-9]{3}[A-Za-z0-9._/#*-]*$", arn)),
    ])])
    error_message = "evidence_arns must hold ARNs of buckets (arn:<partition>:s3:::<name>), keys (...:key/<id>) and log groups (...:log-group:<name>, without :* at its end). Names must not be wildcards only."
  }
}

variable "exempt_principals" {
  description = "ARNs of roles that may change what is protected, such as the pipeline's; account and parts of the name may be *. Nobody else can then make or change roles of these names; who may assume them is not the policy's."
  type        = list(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.exempt_principals : can(regex("^arn:aws[a-z-]*:iam::([0-9]{12}|\\*):role/[A-Za-z0-9+=,.@/_*?-]*[A-Za-z0-9][A-Za-z0-9+=,.@/_*?-]*$", arn))])
    error_message = "exempt_principals must hold ARNs of roles, arn:<partition>:iam::<account or *>:role/<name>, whose name is not only a wildcard."
  }
}

variable "member_responders" {
  description = "Whether the bound accounts have responders of their own, whose role NAME-responder heals there. false: in members nobody of that name may change a trail."
  type        = bool
  default     = false
  nullable    = false
}

variable "hub_account_id" {
  description = "Account of the hub, if it is among the targets or below them: its NAME-responder heals the trails of that account. null if it is not bound."
  type        = string
  default     = null

  validation {
    condition     = var.hub_account_id == null ? true : can(regex("^[0-9]{12}$", var.hub_account_id))
    error_message = "hub_account_id must be an account id of 12 digits, or null."
  }
}

variable "freeze_subscriptions" {
  description = "Whether nobody but exempt principals may end a subscription, or filter it, in the bound accounts. AWS cannot limit that to a topic: it is about all subscriptions there."
  type        = bool
  default     = false
  nullable    = false
}

variable "tags" {
  description = "Tags for the policies."
  type        = map(string)
  default     = {}
  nullable    = false
}
