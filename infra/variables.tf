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

variable "existing_trail_arns" {
  description = "ARNs of trails that are already there and shall be protected too. Their home region must be the provider's region."
  type        = list(string)
  default     = []
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

variable "notification_emails" {
  description = "Addresses that get notices and alarms. Each must confirm the mail that AWS sends."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "subscriptions" {
  description = "Other subscriptions to the topic, by a key of your choice, for instance { queue = { protocol = \"sqs\", endpoint = \"<queue ARN>\" } }."
  type = map(object({
    protocol             = string
    endpoint             = string
    raw_message_delivery = optional(bool, false)
    filter_policy        = optional(string)
    filter_policy_scope  = optional(string, "MessageAttributes")
  }))
  default  = {}
  nullable = false
}

variable "reserved_concurrency" {
  description = "Concurrent runs kept for the responder, so that load elsewhere cannot starve it. null or -1 reserves nothing: needed in new accounts with a limit of 10, where AWS refuses any reservation."
  type        = number
  default     = 5
}

variable "tags" {
  description = "Tags for everything Trailkeeper makes."
  type        = map(string)
  default     = {}
  nullable    = false
}
