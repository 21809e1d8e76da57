# Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  # Any file does: a plan reads only its hash.
  package = "main.tf"
}

run "defaults_make_and_protect_a_trail" {
  command = plan

  assert {
    condition     = output.trail_arn == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
    error_message = "A trail is made by default."
  }
  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"])
    error_message = "The trail made here must be protected."
  }
  assert {
    condition     = output.alerts_topic_arn == "arn:aws:sns:eu-central-1:123456789012:alerts" && output.responder_role_arn == "arn:aws:iam::123456789012:role/responder" && output.dead_letter_queue_url == "https://sqs.eu-central-1.amazonaws.com/123456789012/dead-letters"
    error_message = "The outputs must lead to the things made."
  }
  assert {
    condition     = output.trail_name == "trailkeeper" && output.responder_function_name == "trailkeeper-responder" && output.event_rule_name == "trailkeeper-trail-changes" && output.schedule_name == "trailkeeper-sweep" && output.incidents_table_name == "trailkeeper-incidents"
    error_message = "Names must follow the default prefix."
  }
  assert {
    condition     = toset(keys(output.alarm_names)) == toset(["errors", "restoration_failures", "heartbeat", "throttles", "dead_letters", "failed_invocations", "failed_sweep_invocations", "lost_events", "lost_failures", "understudy_errors", "understudy_heartbeat", "failed_log_bucket_invocations", "lost_log_bucket_events", "failed_log_key_invocations", "lost_log_key_events"])
    error_message = "The alarms must be listed."
  }
}

run "prefix_reaches_every_module" {
  command = plan

  variables {
    name = "guard"
  }

  assert {
    condition     = output.trail_name == "guard" && output.responder_function_name == "guard-responder" && module.notifications.topic_name == "guard-alerts" && startswith(module.trail[0].baseline.parameter_name, "/trailkeeper/guard/guard/")
    error_message = "name must reach every module."
  }
}

run "existing_trails_only" {
  command = plan

  variables {
    create_trail    = false
    existing_trails = { "arn:aws:cloudtrail:eu-central-1:123456789012:trail/old" = {} }
  }

  assert {
    condition     = length(module.trail) == 0 && output.trail_arn == null && output.trail_name == null && output.trail_bucket_name == null
    error_message = "No trail may be made."
  }
  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/old"])
    error_message = "The existing trail must be protected."
  }
}

run "new_and_existing_trails" {
  command = plan

  variables {
    existing_trails = { "arn:aws:cloudtrail:eu-central-1:123456789012:trail/old" = {} }
  }

  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/old"])
    error_message = "Both trails must be protected."
  }
}
