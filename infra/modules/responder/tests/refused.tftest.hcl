# What is refused. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  # Any file does: a plan reads only its hash.
  package = "main.tf"
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/copy"
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
      parameter_name   = "/trailkeeper/trailkeeper/second/2222"
      parameter_path   = "/trailkeeper/trailkeeper/second"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
  topic_arn         = "arn:aws:sns:eu-central-1:123456789012:alerts"
  topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:key/topic"
}

run "zero_concurrency_is_refused" {
  command = plan

  variables {
    reserved_concurrency = 0
  }

  expect_failures = [var.reserved_concurrency]
}

run "trail_of_another_region_is_refused" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
        parameter_name   = "/trailkeeper/trailkeeper/first/1111"
        parameter_path   = "/trailkeeper/trailkeeper/first"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
      {
        trail_arn        = "arn:aws:cloudtrail:us-east-1:123456789012:trail/second"
        parameter_name   = "/trailkeeper/trailkeeper/second/1111"
        parameter_path   = "/trailkeeper/trailkeeper/second"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
    ]
  }

  expect_failures = [aws_cloudwatch_event_rule.trail_changes]
}

run "trail_of_another_account_is_refused" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:210987654321:trail/first"
        parameter_name   = "/trailkeeper/trailkeeper/first/1111"
        parameter_path   = "/trailkeeper/trailkeeper/first"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
    ]
  }

  expect_failures = [aws_cloudwatch_event_rule.trail_changes]
}

run "no_trail_is_refused" {
  command = plan

  variables {
    baselines = []
  }

  expect_failures = [var.baselines]
}

run "trail_name_is_refused" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "first"
        parameter_name   = "/trailkeeper/trailkeeper/first/1111"
        parameter_path   = "/trailkeeper/trailkeeper/first"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
    ]
  }

  expect_failures = [var.baselines]
}

run "missing_package_is_refused" {
  command = plan

  variables {
    package = "no-such-file.zip"
  }

  expect_failures = [var.package]
}

run "unknown_architecture_is_refused" {
  command = plan

  variables {
    architecture = "amd64"
  }

  expect_failures = [var.architecture]
}

run "fifo_topic_is_refused" {
  command = plan

  variables {
    topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts.fifo"
  }

  expect_failures = [var.topic_arn]
}

run "key_alias_is_refused" {
  command = plan

  variables {
    topic_kms_key_arn = "arn:aws:kms:eu-central-1:123456789012:alias/topic"
  }

  expect_failures = [var.topic_kms_key_arn]
}

run "odd_log_retention_is_refused" {
  command = plan

  variables {
    log_retention_days = 100
  }

  expect_failures = [var.log_retention_days]
}

run "a_topic_of_another_region_is_refused" {
  command = plan

  variables {
    topic_arn = "arn:aws:sns:us-east-1:123456789012:alerts"
  }

  expect_failures = [aws_lambda_function.responder]
}

run "too_little_memory_is_refused" {
  command = plan

  variables {
    memory_size = 64
  }

  expect_failures = [var.memory_size]
}

run "a_trail_named_twice_is_refused" {
  command = plan

  variables {
    baselines = [
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
        parameter_name   = "/trailkeeper/trailkeeper/first/1111"
        parameter_path   = "/trailkeeper/trailkeeper/first"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
      {
        trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
        parameter_name   = "/trailkeeper/trailkeeper/first/2222"
        parameter_path   = "/trailkeeper/trailkeeper/first"
        can_be_recreated = false
        guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      },
    ]
  }

  expect_failures = [var.baselines]
}

run "an_unknown_mode_is_refused" {
  command = plan

  variables {
    mode = "Observe"
  }

  expect_failures = [var.mode]
}

run "a_session_as_change_principal_is_refused" {
  command = plan

  variables {
    change_principals = ["arn:aws:sts::123456789012:assumed-role/pipeline/run-1"]
  }

  expect_failures = [var.change_principals]
}

run "a_change_principal_with_a_comma_is_refused" {
  command = plan

  variables {
    change_principals = ["arn:aws:iam::123456789012:role/a,b"]
  }

  expect_failures = [var.change_principals]
}

run "sweeps_less_than_every_minute_are_refused" {
  command = plan

  variables {
    sweep_interval_minutes = 0
  }

  expect_failures = [var.sweep_interval_minutes]
}

run "sweeps_less_often_than_hourly_are_refused" {
  command = plan

  variables {
    sweep_interval_minutes = 61
  }

  expect_failures = [var.sweep_interval_minutes]
}

run "half_minutes_are_refused" {
  command = plan

  variables {
    sweep_interval_minutes = 1.5
  }

  expect_failures = [var.sweep_interval_minutes]
}

run "names_are_checked" {
  command = plan

  variables {
    name = "Trail--keeper"
  }

  expect_failures = [var.name]
}

run "break_glass_for_everybody_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/*", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_almost_everybody_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/ab*", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_a_path_of_everybody_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role//ab*", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_any_account_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::*:role/admin", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_a_session_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:sts::123456789012:assumed-role/admin/alice", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_root_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:root", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_a_bare_star_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "*", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_without_a_reason_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/admin", reason = " ", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_with_a_line_break_in_its_reason_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/admin", reason = "a\nb", expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_with_a_long_reason_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/admin", reason = join("", [for n in range(201) : "x"]), expires_at = "2026-01-02T03:04:05Z" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_without_a_time_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/admin", reason = "why", expires_at = "tomorrow" }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_more_than_a_week_is_refused" {
  command = plan

  variables {
    break_glass = [{ principal = "arn:aws:iam::123456789012:role/admin", reason = "why", expires_at = timeadd(timestamp(), "169h") }]
  }

  expect_failures = [var.break_glass]
}

run "break_glass_for_a_week_and_an_expired_one_are_taken" {
  command = plan

  variables {
    break_glass = [
      { principal = "arn:aws:iam::{account}:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Admin_*", reason = "why", expires_at = timeadd(timestamp(), "167h") },
      { principal = "arn:aws-us-gov:iam::123456789012:user/alice", reason = "why", expires_at = "2020-01-01T00:00:00+01:00" },
    ]
  }

  assert {
    condition     = length(jsondecode(aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_BREAK_GLASS"])) == 2
    error_message = "Both must be taken."
  }
}
