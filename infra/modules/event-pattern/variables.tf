variable "evidence" {
  description = "What else is guarded: items of the output evidence of the module trail."
  type = list(object({
    kind  = string
    arn   = string
    alias = optional(string)
  }))
  default  = []
  nullable = false

  validation {
    condition     = alltrue([for thing in var.evidence : contains(["log_bucket", "log_key"], thing.kind)])
    error_message = "kind in evidence must be log_bucket or log_key."
  }
}
