# The roles of a pipeline, for one account. Applied once, by an administrator: a
# pipeline must not be able to change its own roles. docs/pipeline.md goes on from here.

# Region and credentials come from the environment.
provider "aws" {}

module "pipeline_roles" {
  source = "../../modules/pipeline-roles"

  existing_provider_arn     = var.existing_provider_arn
  plan_subjects             = ["repo:${var.repository}:pull_request", "repo:${var.repository}:ref:refs/heads/${var.branch}"]
  apply_subjects            = ["repo:${var.repository}:environment:${var.environment}"]
  require_workload_boundary = var.require_workload_boundary
  state                     = var.state
  guarded_trail_arns        = var.guarded_trail_arns
  topic_arns                = var.topic_arns
  allow_trust_changes       = var.allow_trust_changes
  stack_sets                = var.stack_sets

  drill = length(var.drill_trail_arns) == 0 ? null : {
    subjects   = ["repo:${var.repository}:environment:${var.environment}-drill"]
    trail_arns = var.drill_trail_arns
    topic_arn  = var.drill_topic_arn
  }

  tags = {
    managed-by = "terraform"
    service    = "trailkeeper"
  }
}
