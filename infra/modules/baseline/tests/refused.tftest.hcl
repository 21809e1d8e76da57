# What is refused. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {}

variables {
  trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
}

run "the_document_of_another_trail_is_refused" {
  command = plan

  variables {
    baseline = { trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/other", s3_bucket_name = "logs" }
  }

  expect_failures = [var.baseline]
}

run "another_schema_is_refused" {
  command = plan

  variables {
    baseline = { schema = "trailkeeper.notice" }
  }

  expect_failures = [var.baseline]
}

run "another_version_is_refused" {
  command = plan

  variables {
    baseline = { version = 2 }
  }

  expect_failures = [var.baseline]
}

run "a_trail_that_does_not_log_is_refused" {
  command = plan

  variables {
    baseline = { is_logging = false }
  }

  expect_failures = [var.baseline]
}

run "a_trail_name_is_refused" {
  command = plan

  variables {
    trail_arn = "audit"
  }

  expect_failures = [var.trail_arn]
}

run "no_bucket_is_refused" {
  command = plan

  variables {
    baseline = { s3_bucket_name = "" }
  }

  expect_failures = [var.baseline]
}

run "a_key_alias_is_refused" {
  command = plan

  variables {
    baseline = { kms_key_id = "arn:aws:kms:eu-central-1:123456789012:alias/logs" }
  }

  expect_failures = [var.baseline]
}

run "multi_region_without_global_events_is_refused" {
  command = plan

  variables {
    baseline = { is_multi_region_trail = true, include_global_service_events = false }
  }

  expect_failures = [var.baseline]
}

run "a_log_group_without_role_is_refused" {
  command = plan

  variables {
    baseline = { cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:123456789012:log-group:copy:*" }
  }

  expect_failures = [var.baseline]
}

run "a_log_group_with_no_role_declared_is_refused" {
  command = plan

  variables {
    baseline = { cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:123456789012:log-group:copy:*", cloud_watch_logs_role_arn = "" }
  }

  expect_failures = [var.baseline]
}

run "a_role_name_is_refused" {
  command = plan

  variables {
    baseline = { cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:123456789012:log-group:copy:*", cloud_watch_logs_role_arn = "copy" }
  }

  expect_failures = [var.baseline]
}

run "both_kinds_of_selectors_are_refused" {
  command = plan

  variables {
    baseline = {
      event_selectors          = [{ read_write_type = "All" }]
      advanced_event_selectors = [{ field_selectors = [{ field = "eventCategory", equals = ["Management"] }] }]
    }
  }

  expect_failures = [var.baseline]
}

run "no_selector_at_all_is_refused" {
  command = plan

  variables {
    baseline = { event_selectors = [] }
  }

  expect_failures = [var.baseline]
}

run "no_advanced_selector_at_all_is_refused" {
  command = plan

  variables {
    baseline = { advanced_event_selectors = [] }
  }

  expect_failures = [var.baseline]
}

run "an_unknown_read_write_type_is_refused" {
  command = plan

  variables {
    baseline = { event_selectors = [{ read_write_type = "all" }] }
  }

  expect_failures = [var.baseline]
}

run "a_selector_without_field_selectors_is_refused" {
  command = plan

  variables {
    baseline = { advanced_event_selectors = [{ name = "all", field_selectors = [] }] }
  }

  expect_failures = [var.baseline]
}

run "a_field_selector_without_field_is_refused" {
  command = plan

  variables {
    baseline = { advanced_event_selectors = [{ field_selectors = [{ field = "", equals = ["Management"] }] }] }
  }

  expect_failures = [var.baseline]
}

run "a_field_selector_without_value_is_refused" {
  command = plan

  variables {
    baseline = { advanced_event_selectors = [{ field_selectors = [{ field = "eventCategory", equals = [] }] }] }
  }

  expect_failures = [var.baseline]
}

run "an_unknown_insight_type_is_refused" {
  command = plan

  variables {
    baseline = { insight_selectors = [{ insight_type = "CallRate" }] }
  }

  expect_failures = [var.baseline]
}

run "a_tag_of_aws_is_refused" {
  command = plan

  variables {
    baseline = { tags = { "aws:cloudformation:stack-name" = "x" } }
  }

  expect_failures = [var.baseline]
}

run "a_document_that_is_too_long_is_refused" {
  command = plan

  variables {
    baseline = { tags = { a = "é${format("%8041s", "")}" } }
  }

  expect_failures = [aws_ssm_parameter.baseline]
}

run "names_are_checked" {
  command = plan

  variables {
    name = "Trail--keeper"
  }

  expect_failures = [var.name]
}

run "a_log_group_without_its_star_is_refused" {
  command = plan

  variables {
    baseline = {
      cloud_watch_logs_group_arn = "arn:aws:logs:eu-central-1:123456789012:log-group:audit"
      cloud_watch_logs_role_arn  = "arn:aws:iam::123456789012:role/logs"
    }
  }

  expect_failures = [var.baseline]
}
