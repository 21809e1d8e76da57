# The hub and its bus. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  # Any file does: a plan reads only its hash.
  package         = "main.tf"
  organization_id = "o-a1b2c3d4e5"
  external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
  member_trails = {
    "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit" = {
      baseline = { s3_bucket_name = "audit-logs-{account}" }
    }
    "arn:aws:cloudtrail:eu-central-1:111122223333:trail/extra" = {}
  }
}

run "members_send_to_the_bus" {
  command = plan

  assert {
    condition = jsondecode(aws_cloudwatch_event_bus_policy.hub.policy).Statement == [{
      Sid       = "MembersForwardEvents"
      Effect    = "Allow"
      Principal = "*"
      Action    = "events:PutEvents"
      Resource  = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      Condition = {
        StringEquals = { "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
        ArnLike      = { "aws:PrincipalArn" = "arn:aws:iam::*:role/trailkeeper-forwarding-*" }
      }
    }]
    error_message = "Only forwarding roles of the organisation's accounts may send."
  }
  assert {
    condition     = aws_cloudwatch_event_bus.hub.name == "trailkeeper" && aws_cloudwatch_event_bus_policy.hub.event_bus_name == "trailkeeper"
    error_message = "The bus has the name that is given to the members."
  }
}

run "what_members_must_know" {
  command = plan

  assert {
    condition = output.hub == {
      role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
      organization_id = "o-a1b2c3d4e5"
    }
    error_message = "A member is told the role, the bus and both ids."
  }
  assert {
    condition     = output.hub.role_arn == module.responder.role_arn && output.hub.bus_arn == aws_cloudwatch_event_bus.hub.arn
    error_message = "The names that are written out must be those that are made."
  }
  assert {
    condition     = [for b in output.member_baselines : b.trail_arn] == ["arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"]
    error_message = "Every member has the trail with {account}."
  }
  assert {
    condition     = keys(output.account_baselines) == ["111122223333"]
    error_message = "One account has a trail more."
  }
}

run "the_hub_knows_all_trails" {
  command = plan

  assert {
    condition     = module.responder.environment.TRAILKEEPER_MEMBER_TRAILS == join(",", [for arn, path in { "arn:aws:cloudtrail:eu-central-1:111122223333:trail/extra" = "extra", "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit" = "audit" } : "${arn}=/trailkeeper/trailkeeper/${path}/${sha256(output.baseline_documents[arn])}"])
    error_message = "The hub is told the parameter of every member trail."
  }
  assert {
    condition     = module.responder.environment.TRAILKEEPER_MEMBER_ROLE == "trailkeeper-remediation" && module.responder.environment.TRAILKEEPER_EXTERNAL_ID == "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
    error_message = "The hub assumes the role of this name, with the external id."
  }
  assert {
    condition     = !can(module.responder.environment.TRAILKEEPER_PEER_ROLES) && !can(module.responder.environment.TRAILKEEPER_EXCLUDED_ACCOUNTS)
    error_message = "Nobody else heals, and nobody is left out, unless it is said."
  }
}

run "without_stack_sets" {
  command = plan

  assert {
    condition     = length(aws_cloudformation_stack_set.members) == 0 && length(aws_cloudformation_stack_set_instance.members) == 0 && length(aws_s3_bucket.packages) == 0 && output.stack_set_names == {}
    error_message = "Members that Terraform manages need no stack sets and no bucket."
  }
  assert {
    condition     = output.package_bucket_name == null && output.service_control_policy_id == null
    error_message = "What is not made has no name."
  }
}

run "excluded_accounts" {
  command = plan

  variables {
    excluded_accounts = ["444455556666"]
  }

  assert {
    condition     = module.responder.environment.TRAILKEEPER_EXCLUDED_ACCOUNTS == "444455556666" && strcontains(output.template, "444455556666") && strcontains(output.forwarding_template, "444455556666")
    error_message = "Hub and stacks leave the same accounts alone."
  }
}

run "members_with_responders_of_their_own" {
  command = plan

  variables {
    member_responders = true
  }

  assert {
    condition     = module.responder.environment.TRAILKEEPER_PEER_ROLES == "arn:aws:iam::{account}:role/trailkeeper-responder"
    error_message = "What they do is no attack."
  }
  assert {
    condition     = length(aws_s3_bucket.packages) == 0
    error_message = "Terraform brings them their package."
  }
}

run "service_control_policy_on_request" {
  command = plan

  variables {
    service_control_policy_targets = ["r-abcd"]
    evidence_arns                  = ["arn:aws:s3:::audit-logs-*"]
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:999988887777:trail/organization-trail"
      parameter_name   = "/trailkeeper/trailkeeper/organization-trail/0123"
      parameter_path   = "/trailkeeper/trailkeeper/organization-trail"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition     = output.service_control_policy_id == "p-0123456789"
    error_message = "The policy must be made."
  }
  assert {
    condition = [for s in jsondecode(module.service_control_policy[0].content).Statement : s.Condition.ArnNotLike["aws:PrincipalArn"] if s.Sid == "OnlyTrailkeeperChanges"] == [[
      "arn:*:iam::*:role/trailkeeper-remediation",
      "arn:*:iam::999988887777:role/trailkeeper-responder*",
      "arn:*:iam::999988887777:role/trailkeeper-sweep*",
      "arn:*:iam::*:role/stacksets-exec-*",
    ]]
    error_message = "The hub heals its own account's trail if the policy binds it; elsewhere nobody of that name may."
  }
  assert {
    condition = alltrue([for s in jsondecode(module.service_control_policy[0].content).Statement : length(setsubtract([
      "arn:*:cloudtrail:*:*:trail/audit",
      "arn:*:cloudtrail:eu-central-1:999988887777:trail/organization-trail",
      "arn:*:s3:::audit-logs-*/*",
    ], s.Resource)) == 0 if s.Sid == "OnlyOperatorsStopOrChange"])
    error_message = "The members' trails, those of the security account, and the logs must be protected."
  }
}

run "service_control_policy_lets_the_members_responders_heal" {
  command = plan

  variables {
    service_control_policy_targets = ["r-abcd"]
    member_responders              = true
  }

  assert {
    condition = [for s in jsondecode(module.service_control_policy[0].content).Statement : s.Condition.ArnNotLike["aws:PrincipalArn"] if s.Sid == "OnlyTrailkeeperChanges"] == [[
      "arn:*:iam::*:role/trailkeeper-remediation",
      "arn:*:iam::*:role/trailkeeper-responder*",
      "arn:*:iam::*:role/trailkeeper-sweep*",
      "arn:*:iam::*:role/stacksets-exec-*",
    ]]
    error_message = "Members with responders of their own must be able to heal with them."
  }
}
