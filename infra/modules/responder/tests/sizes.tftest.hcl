# What IAM and Systems Manager take at most. Plans against a mocked provider: no account, no
# emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  # Any file does: a plan reads only its hash.
  package = "main.tf"
  # As the root module does it: a trail made here with bucket and key, and others that were
  # there, as they were.
  baselines = concat(
    [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
      parameter_name   = "/trailkeeper/trailkeeper/trailkeeper/c8b2f1d0a4e6975310fedcba98765432100123456789abcdef0123456789abcd"
      parameter_path   = "/trailkeeper/trailkeeper/trailkeeper"
      can_be_recreated = true
      guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
    }],
    [for number in range(4) : {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/organization-audit-${number + 10}"
      parameter_name   = "/trailkeeper/trailkeeper/organization-audit-${number + 10}/c8b2f1d0a4e6975310fedcba98765432100123456789abcdef0123456789abcd"
      parameter_path   = "/trailkeeper/trailkeeper/organization-audit-${number + 10}"
      can_be_recreated = true
      guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
    }],
  )
  evidence = [
    {
      kind           = "log_bucket"
      arn            = "arn:aws:s3:::trailkeeper-logs-123456789012-eu-central-1"
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
      parameter_name = "/trailkeeper/trailkeeper/trailkeeper/log_bucket/c8b2f1d0a4e6975310fedcba98765432100123456789abcdef0123456789abcd"
      restored       = ["encryption", "lifecycle", "logging", "notification", "ownership", "policy", "public_access_block", "replication", "request_payment", "versioning"]
    },
    {
      kind           = "log_key"
      arn            = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
      alias          = "alias/trailkeeper-logs"
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
      parameter_name = "/trailkeeper/trailkeeper/trailkeeper/log_key/c8b2f1d0a4e6975310fedcba98765432100123456789abcdef0123456789abcd"
      restored       = ["state"]
    },
  ]
  topic_arn         = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
  topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
  topic_evidence = {
    arn                = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
    parameter_name     = "/trailkeeper/trailkeeper/guard/topic/3333333333333333333333333333333333333333333333333333333333333333"
    key_arn            = "arn:aws:kms:eu-central-1:123456789012:key/4c5d6e7f-0a1b-4c2d-8e3f-5a6b7c8d9e0f"
    key_parameter_name = "/trailkeeper/trailkeeper/guard/topic_key/4444444444444444444444444444444444444444444444444444444444444444"
  }
}

run "four_others_fit_beside_the_trail_made_here" {
  command = plan

  assert {
    condition     = alltrue([for policy in [aws_iam_role_policy.responder.policy, aws_iam_role_policy.understudy[0].policy] : length(policy) <= 10240 && length(policy) > 10240 - 525])
    error_message = "The READMEs say that so many fit, and one more would not: ${length(aws_iam_role_policy.responder.policy)} and ${length(aws_iam_role_policy.understudy[0].policy)}."
  }
  assert {
    condition     = alltrue([for key, document in aws_ssm_parameter.guard : local.guard_bytes[key] == length(document.insecure_value)])
    error_message = "Of ASCII, bytes are characters."
  }
}

run "fifteen_of_which_logging_alone_is_guarded_fit_too" {
  command = plan

  variables {
    baselines = concat([var.baselines[0]], [for number in range(15) : {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/organization-audit-${number + 10}"
      parameter_name   = "/trailkeeper/trailkeeper/organization-audit-${number + 10}/c8b2f1d0a4e6975310fedcba98765432100123456789abcdef0123456789abcd"
      parameter_path   = "/trailkeeper/trailkeeper/organization-audit-${number + 10}"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }])
  }

  assert {
    condition     = length(aws_iam_role_policy.responder.policy) > 10240 - 150 && local.environment_bytes > local.environment_limit - 185
    error_message = "The READMEs say that so many fit, and one more would not: ${length(aws_iam_role_policy.responder.policy)} characters, ${local.environment_bytes} bytes."
  }
}

run "one_more_is_refused" {
  command = plan

  variables {
    baselines = concat(var.baselines, [merge(var.baselines[1], {
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/organization-audit-99"
      parameter_path = "/trailkeeper/trailkeeper/organization-audit-99"
    })])
  }

  expect_failures = [aws_iam_role_policy.responder, aws_iam_role_policy.understudy]
}

# Containment is the responder's alone.
run "each_role_is_measured_by_itself" {
  command = plan

  variables {
    containment = {}
  }

  expect_failures = [aws_iam_role_policy.responder]
}

run "without_the_guard_there_is_room_for_more" {
  command = plan

  variables {
    guard_responder = false
    baselines = concat(var.baselines, [merge(var.baselines[1], {
      trail_arn      = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/organization-audit-99"
      parameter_path = "/trailkeeper/trailkeeper/organization-audit-99"
    })])
  }

  assert {
    condition     = length(aws_iam_role_policy.responder.policy) <= 10240
    error_message = "What the message advises must help."
  }
}

run "a_document_that_no_parameter_holds_is_refused" {
  command = plan

  variables {
    name      = "trailkeeper-of-an-office"
    baselines = [var.baselines[0]]
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:${join("", [for n in range(256) : "t"])}"
    # Each entry of the alarms names the topic.
    topic_evidence = null
    hub = {
      organization_id = "o-abcdefghij"
      bus_name        = "trailkeeper-of-an-office"
      external_id     = "0123456789abcdef"
      fan_out         = true
      member_baselines = [{
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/each"
        parameter_name   = "/trailkeeper/trailkeeper-of-an-office/each/2222"
        parameter_path   = "/trailkeeper/trailkeeper-of-an-office/each"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      }]
    }
  }

  expect_failures = [aws_ssm_parameter.guard]
}

run "with_a_topic_of_a_shorter_name_it_fits" {
  command = plan

  variables {
    name           = "trailkeeper-of-an-office"
    baselines      = [var.baselines[0]]
    topic_arn      = "arn:aws:sns:eu-central-1:123456789012:${join("", [for n in range(128) : "t"])}"
    topic_evidence = null
    # Three bytes each.
    break_glass = [{ principal = "arn:aws:iam::{account}:role/admin-*", reason = join("", [for n in range(200) : "€"]), expires_at = "2026-01-02T03:04:05Z" }]
    hub = {
      organization_id = "o-abcdefghij"
      bus_name        = "trailkeeper-of-an-office"
      external_id     = "0123456789abcdef"
      fan_out         = true
      member_baselines = [{
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/each"
        parameter_name   = "/trailkeeper/trailkeeper-of-an-office/each/2222"
        parameter_path   = "/trailkeeper/trailkeeper-of-an-office/each"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      }]
    }
  }

  assert {
    condition     = alltrue([for key, document in aws_ssm_parameter.guard : length(document.insecure_value) < 8192]) && max(values(local.guard_bytes)...) > 4096
    error_message = "What the message advises must help: ${jsonencode(local.guard_bytes)}."
  }
  assert {
    condition     = local.guard_bytes["function"] == length(aws_ssm_parameter.guard["function"].insecure_value) + 2 * 200
    error_message = "Bytes are measured, not characters: ${local.guard_bytes["function"]} and ${length(aws_ssm_parameter.guard["function"].insecure_value)}."
  }
}
