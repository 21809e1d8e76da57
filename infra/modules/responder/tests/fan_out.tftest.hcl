# The shared sweep of a large organisation, and what a hub refuses. Plans against a
# mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan

  override_resource {
    target = aws_sqs_queue.sweep
    values = { arn = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-sweep-accounts", url = "https://sqs.eu-central-1.amazonaws.com/123456789012/trailkeeper-sweep-accounts" }
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
    member_baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }
}

run "the_queue_keeps_what_was_not_swept" {
  command = plan

  assert {
    condition = (
      aws_sqs_queue.sweep[0].name == "trailkeeper-sweep-accounts"
      && aws_sqs_queue.sweep[0].sqs_managed_sse_enabled
      && aws_sqs_queue.sweep[0].visibility_timeout_seconds == 6 * aws_lambda_function.responder.timeout
    )
    error_message = "The queue must be encrypted without a key that can be disabled, and give a run six times its timeout."
  }
  assert {
    condition     = aws_sqs_queue.sweep[0].message_retention_seconds > 3 * aws_sqs_queue.sweep[0].visibility_timeout_seconds
    error_message = "A message must last for three tries."
  }
  assert {
    condition     = jsondecode(aws_sqs_queue.sweep[0].redrive_policy) == { deadLetterTargetArn = aws_sqs_queue.dead_letters.arn, maxReceiveCount = 3 }
    error_message = "After three tries a message must end in the dead-letter queue."
  }
  assert {
    condition = jsondecode(aws_sqs_queue_policy.sweep[0].policy).Statement == [{
      Sid       = "DenyInsecureTransport"
      Effect    = "Deny"
      Principal = "*"
      Action    = "sqs:*"
      Resource  = "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-sweep-accounts"
      Condition = { Bool = { "aws:SecureTransport" = "false" } }
    }]
    error_message = "Nobody but roles of the account is let in, and nobody over plain HTTP."
  }
}

run "many_runs_share_the_sweep" {
  command = plan

  assert {
    condition = (
      aws_lambda_event_source_mapping.sweep[0].event_source_arn == aws_sqs_queue.sweep[0].arn
      && aws_lambda_event_source_mapping.sweep[0].function_name == aws_lambda_function.responder.arn
      && aws_lambda_event_source_mapping.sweep[0].batch_size == 1
      && aws_lambda_event_source_mapping.sweep[0].function_response_types == toset(["ReportBatchItemFailures"])
    )
    error_message = "The function takes one message at a time and answers which one failed."
  }
  assert {
    condition     = aws_lambda_event_source_mapping.sweep[0].scaling_config[0].maximum_concurrency == 2
    error_message = "Of five reserved runs at least half must stay free for events."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_SWEEP_QUEUE_URL"] == aws_sqs_queue.sweep[0].url && output.sweep_queue_url == aws_sqs_queue.sweep[0].url
    error_message = "The function must know the queue."
  }
  assert {
    condition = { for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s.Sid => [flatten([s.Action]), s.Resource] if contains(["ShareSweep", "TakeSweepMessages"], s.Sid) } == {
      ShareSweep        = [["sqs:SendMessage"], "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-sweep-accounts"]
      TakeSweepMessages = [["sqs:DeleteMessage", "sqs:GetQueueAttributes", "sqs:ReceiveMessage"], "arn:aws:sqs:eu-central-1:123456789012:trailkeeper-sweep-accounts"]
    }
    error_message = "The role may use this queue as its sender and as its reader."
  }
}

run "half_of_the_runs_stay_free_for_events" {
  command = plan

  variables {
    reserved_concurrency = 4
  }

  assert {
    condition     = aws_lambda_event_source_mapping.sweep[0].scaling_config[0].maximum_concurrency == 2
    error_message = "Four runs are the fewest that can be shared: Lambda takes no less than two."
  }
}

run "many_runs_are_halved_too" {
  command = plan

  variables {
    reserved_concurrency = 101
  }

  assert {
    condition     = aws_lambda_event_source_mapping.sweep[0].scaling_config[0].maximum_concurrency == 50
    error_message = "However many there are, half stay free for events."
  }
}

run "no_more_than_lambda_takes" {
  command = plan

  variables {
    reserved_concurrency = 5000
  }

  assert {
    condition     = aws_lambda_event_source_mapping.sweep[0].scaling_config[0].maximum_concurrency == 1000
    error_message = "1000 is the most that Lambda takes."
  }
}

run "without_a_reservation_five_runs_at_most" {
  command = plan

  variables {
    reserved_concurrency = null
  }

  assert {
    condition     = aws_lambda_event_source_mapping.sweep[0].scaling_config[0].maximum_concurrency == 5
    error_message = "A sweep must not take more than half of a new account's concurrency, which is 10."
  }
}

run "without_fan_out_there_is_no_queue" {
  command = plan

  variables {
    hub = merge(var.hub, { fan_out = false })
  }

  assert {
    condition     = length(aws_sqs_queue.sweep) == 0 && length(aws_lambda_event_source_mapping.sweep) == 0 && !strcontains(aws_iam_role_policy.responder.policy, "sweep-accounts")
    error_message = "A small organisation is swept by one run."
  }
  assert {
    condition     = contains(keys(output.alarm_names), "failed_member_invocations") && contains(keys(output.alarm_names), "lost_member_events") && !contains(keys(output.alarm_names), "sweep_backlog")
    error_message = "A hub's rule is watched, a queue that is not there is not."
  }
}

run "a_sweep_that_does_not_get_on_rings" {
  command = plan

  variables {
    sweep_interval_minutes = 10
  }

  assert {
    condition = (
      aws_cloudwatch_metric_alarm.this["sweep_backlog"].metric_name == "ApproximateAgeOfOldestMessage"
      && aws_cloudwatch_metric_alarm.this["sweep_backlog"].dimensions == tomap({ QueueName = "trailkeeper-sweep-accounts" })
      && aws_cloudwatch_metric_alarm.this["sweep_backlog"].threshold == 1800
      && aws_cloudwatch_metric_alarm.this["sweep_backlog"].comparison_operator == "GreaterThanThreshold"
      && aws_cloudwatch_metric_alarm.this["sweep_backlog"].treat_missing_data == "notBreaching"
      && aws_cloudwatch_metric_alarm.this["sweep_backlog"].alarm_actions == toset(["arn:aws:sns:eu-central-1:123456789012:alerts"])
    )
    error_message = "Accounts that wait for three intervals must be told."
  }
  assert {
    condition = alltrue([for key in ["failed_member_invocations", "lost_member_events"] :
      aws_cloudwatch_metric_alarm.this[key].dimensions == tomap({ EventBusName = "trailkeeper", RuleName = "trailkeeper-member-changes" }) && aws_cloudwatch_metric_alarm.this[key].threshold == 0
    ])
    error_message = "Metrics of a rule on a bus of its own have two dimensions."
  }
}

run "too_few_runs_for_a_shared_sweep_are_refused" {
  command = plan

  variables {
    reserved_concurrency = 3
  }

  expect_failures = [var.hub]
}

run "sweeps_that_overlap_are_refused" {
  command = plan

  variables {
    sweep_interval_minutes = 4
  }

  expect_failures = [var.sweep_interval_minutes]
}

run "a_root_id_is_no_organisation" {
  command = plan

  variables {
    hub = merge(var.hub, { organization_id = "r-ab12" })
  }

  expect_failures = [var.hub]
}

run "the_default_bus_is_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { bus_name = "default" })
  }

  expect_failures = [var.hub]
}

run "an_external_id_that_can_be_guessed_is_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { external_id = "trailkeeper" })
  }

  expect_failures = [var.hub]
}

run "an_excluded_account_has_twelve_digits" {
  command = plan

  variables {
    hub = merge(var.hub, { excluded_accounts = ["12345"] })
  }

  expect_failures = [var.hub]
}

run "a_hub_without_trails_of_members_is_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { member_baselines = [] })
  }

  expect_failures = [var.hub]
}

run "all_trails_of_a_member_are_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { member_baselines = [merge(var.hub.member_baselines[0], { trail_arn = "arn:aws:cloudtrail:eu-central-1:{account}:trail/*" })] })
  }

  expect_failures = [var.hub]
}

run "a_members_trail_named_twice_is_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { member_baselines = concat(var.hub.member_baselines, var.hub.member_baselines) })
  }

  expect_failures = [var.hub]
}

run "members_trails_of_another_region_are_refused" {
  command = plan

  variables {
    hub = merge(var.hub, { member_baselines = [merge(var.hub.member_baselines[0], { trail_arn = "arn:aws:cloudtrail:us-east-1:{account}:trail/audit" })] })
  }

  expect_failures = [aws_cloudwatch_event_rule.member_changes]
}

run "the_hubs_own_trail_is_no_members" {
  command = plan

  variables {
    hub = merge(var.hub, { member_baselines = [merge(var.hub.member_baselines[0], { trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit" })] })
  }

  expect_failures = [aws_cloudwatch_event_rule.member_changes]
}

run "any_role_as_peer_is_refused" {
  command = plan

  variables {
    peer_roles = ["arn:aws:iam::*:role/trailkeeper-responder"]
  }

  expect_failures = [var.peer_roles]
}

run "own_trails_know_their_account" {
  command = plan

  variables {
    baselines = [merge(var.hub.member_baselines[0], { trail_arn = "arn:aws:cloudtrail:eu-central-1:{account}:trail/own" })]
  }

  expect_failures = [var.baselines]
}
