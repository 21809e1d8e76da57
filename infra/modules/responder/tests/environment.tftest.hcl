# How much the function can be told. Plans against a mocked provider: no account, no
# emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan

  override_resource {
    target = aws_sqs_queue.sweep
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-sweep-accounts", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/trailkeeper-sweep-accounts" }
  }

  override_resource {
    target = aws_iam_role.responder
    values = { arn = "arn:aws:iam::123456789012:role/trailkeeper-responder" }
  }
}

variables {
  guard_responder = false
  # Any file does: a plan reads only its hash.
  package   = "main.tf"
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts"
  baselines = []
  hub = {
    organization_id = "o-a1b2c3d4e5"
    bus_name        = "trailkeeper"
    external_id     = "6b1f0c1e-6d0e-4d7a-9b55-1f6f1c1f2a3b"
    fan_out         = true
    member_baselines = [for number in range(18) : {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:${111122220000 + number}:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/c8b2f1d0a4e6975310fedcba98765432100123456789abcdef0123456789abcd"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }
}

run "what_is_measured_is_what_lambda_gets" {
  command = plan

  assert {
    condition     = local.environment_bytes == length(jsonencode(aws_lambda_function.responder.environment[0].variables))
    error_message = "The size must be that of the variables as JSON."
  }
  assert {
    condition     = local.environment_bytes > 2500
    error_message = "Eighteen trails of single accounts take that much at least."
  }
}

run "more_than_lambda_takes_is_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { member_baselines = [for number in range(40) : merge(var.hub.member_baselines[0], {
      trail_arn = "arn:aws:cloudtrail:eu-central-1:${111122220000 + number}:trail/audit"
    })] })
  }

  expect_failures = [aws_lambda_function.responder]
}

run "many_excluded_accounts_count_too" {
  command = plan

  variables {
    hub = merge(var.hub, { excluded_accounts = [for number in range(200) : "${333344440000 + number}"] })
  }

  expect_failures = [aws_lambda_function.responder]
}
