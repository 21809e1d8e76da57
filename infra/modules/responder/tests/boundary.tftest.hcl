# What a pipeline's boundary leaves of the two roles. Mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package = "main.tf"
  baselines = [{
    trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
    parameter_name            = "/trailkeeper/trailkeeper/trailkeeper/1111"
    parameter_path            = "/trailkeeper/trailkeeper/trailkeeper"
    can_be_recreated          = true
    guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
    cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/copy"
    is_organization_trail     = true
  }]
  evidence = [
    { kind = "log_bucket", arn = "arn:aws:s3:::trailkeeper-logs", trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper", parameter_name = "/trailkeeper/trailkeeper/log_bucket/1111", restored = ["policy", "object_lock", "notification", "replication", "logging", "request_payment", "exists"] },
    { kind = "log_key", arn = "arn:aws:kms:eu-central-1:123456789012:key/k", alias = "alias/trailkeeper-logs", trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper", parameter_name = "/trailkeeper/trailkeeper/log_key/1111", restored = ["state", "policy", "rotation"] },
  ]
  hub = {
    organization_id = "o-abcdefghij"
    bus_name        = "trailkeeper"
    external_id     = "0123456789abcdef"
    fan_out         = true
    member_baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/each"
      parameter_name   = "/trailkeeper/trailkeeper/each/2222"
      parameter_path   = "/trailkeeper/trailkeeper/each"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }
  topic_arn         = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
  chat_topic_arn    = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-chat"
  topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/topic"
  security_hub      = true
  topic_evidence = {
    arn                = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
    parameter_name     = "/trailkeeper/trailkeeper/guard/topic/3333333333333333333333333333333333333333333333333333333333333333"
    key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/4c5d6e7f-0a1b-4c2d-8e3f-5a6b7c8d9e0f"
    key_parameter_name = "/trailkeeper/trailkeeper/guard/topic_key/4444444444444444444444444444444444444444444444444444444444444444"
  }
}

run "boundary" {
  command = plan

  module {
    source = "../pipeline-roles"
  }

  variables {
    plan_subjects  = ["repo:example/infrastructure:pull_request"]
    apply_subjects = ["repo:example/infrastructure:environment:production"]
  }
}

# Containment is left out on purpose: such a role may limit anybody, and so become anybody.
run "the_boundary_holds_all_that_the_roles_may" {
  command = plan

  assert {
    # Each action on each resource is within one statement of the boundary.
    condition = alltrue(flatten([for policy in [aws_iam_role_policy.responder.policy, aws_iam_role_policy.understudy[0].policy, aws_iam_role_policy.sweep.policy] : [
      for needed in jsondecode(policy).Statement : [
        for pair in setproduct(flatten([needed.Action]), flatten([needed.Resource])) : anytrue([
          for given in jsondecode(run.boundary.policies.workload_boundary).Statement :
          anytrue([for action in flatten([given.Action]) : can(regex("^${replace(action, "*", ".*")}$", pair[0]))])
          && anytrue([for resource in flatten([given.Resource]) : can(regex("^${replace(resource, "*", ".*")}$", pair[1]))])
        ])
      ] if needed.Effect == "Allow"
    ]]))
    error_message = "Outside the boundary, a role of a pipeline could not do: ${jsonencode(distinct(flatten([for needed in jsondecode(aws_iam_role_policy.responder.policy).Statement : [
      for pair in setproduct(flatten([needed.Action]), flatten([needed.Resource])) : "${pair[0]} ${pair[1]}" if !anytrue([
        for given in jsondecode(run.boundary.policies.workload_boundary).Statement :
        anytrue([for action in flatten([given.Action]) : can(regex("^${replace(action, "*", ".*")}$", pair[0]))])
        && anytrue([for resource in flatten([given.Resource]) : can(regex("^${replace(resource, "*", ".*")}$", pair[1]))])
      ])
    ] if needed.Effect == "Allow"])))}."
  }
}
