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

variable "responder" {
  description = "The responder whose parts are guarded: its name, and what the ARNs of functions begin with, arn:<partition>:lambda:<region>:<account>:function:; and the ARNs of its topic and of the topic's key, if those are guarded. null if they are not."
  type = object({
    name      = string
    functions = string
    topic = optional(object({
      arn     = string
      key_arn = string
    }))
  })
  default = null

  validation {
    condition     = var.responder == null ? true : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:$", var.responder.functions))
    error_message = "responder.functions must be the ARN of a function up to its name, arn:<partition>:lambda:<region>:<account>:function:."
  }
}
