# The selectors of the trail, and its baseline, which must say the same as the
# trail. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

run "the_whole_trail_is_declared" {
  command = plan

  assert {
    condition = jsondecode(output.baseline_document) == {
      schema                        = "trailkeeper.baseline"
      version                       = 1
      trail_arn                     = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"
      is_logging                    = true
      s3_bucket_name                = "trailkeeper-logs-123456789012-eu-central-1"
      s3_key_prefix                 = ""
      sns_topic_name                = ""
      kms_key_id                    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
      is_multi_region_trail         = true
      include_global_service_events = true
      enable_log_file_validation    = true
      cloud_watch_logs_group_arn    = ""
      cloud_watch_logs_role_arn     = ""
      is_organization_trail         = false
      event_selectors = [{
        read_write_type                  = "All"
        include_management_events        = true
        exclude_management_event_sources = []
        data_resources                   = []
      }]
      insight_selectors = []
      tags              = { owner = "platform", stage = "live" }
    }
    error_message = "The baseline must declare every field, CloudTrail's default selector and the provider's default tags too."
  }
  assert {
    condition     = output.baseline.trail_arn == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper" && output.baseline.parameter_path == "/trailkeeper/trailkeeper/trailkeeper"
    error_message = "Trail and parameter must be known before the trail exists."
  }
  assert {
    condition     = output.baseline.can_be_recreated && alltrue(values(output.baseline.guards)) && output.baseline.cloud_watch_logs_role_arn == null
    error_message = "All is guarded, the trail can be made again, and there is no role to pass on."
  }
}

# Each field that a variable decides, in the trail and in its baseline.
run "the_baseline_is_what_the_trail_is" {
  command = plan

  variables {
    name              = "audit"
    multi_region      = false
    s3_key_prefix     = "logs"
    insight_selectors = [{ insight_type = "ApiCallRateInsight" }, { insight_type = "ApiErrorRateInsight" }]
    tags              = { owner = "security" }
  }

  assert {
    condition = { for field in ["s3_bucket_name", "s3_key_prefix", "kms_key_id", "is_multi_region_trail", "include_global_service_events", "enable_log_file_validation"] : field => jsondecode(output.baseline_document)[field] } == {
      s3_bucket_name                = aws_s3_bucket.logs.bucket
      s3_key_prefix                 = aws_cloudtrail.this.s3_key_prefix
      kms_key_id                    = aws_cloudtrail.this.kms_key_id
      is_multi_region_trail         = aws_cloudtrail.this.is_multi_region_trail
      include_global_service_events = aws_cloudtrail.this.include_global_service_events
      enable_log_file_validation    = aws_cloudtrail.this.enable_log_file_validation
    }
    error_message = "Baseline and trail must agree."
  }
  assert {
    condition     = !aws_cloudtrail.this.is_multi_region_trail && aws_cloudtrail.this.s3_key_prefix == "logs"
    error_message = "The variables must reach the trail."
  }
  assert {
    condition     = toset([for s in jsondecode(output.baseline_document).insight_selectors : s.insight_type]) == toset(["ApiCallRateInsight", "ApiErrorRateInsight"]) && toset([for s in aws_cloudtrail.this.insight_selector : s.insight_type]) == toset(["ApiCallRateInsight", "ApiErrorRateInsight"])
    error_message = "Insight selectors must be the same in both."
  }
  assert {
    condition     = jsondecode(output.baseline_document).tags == { owner = "security", stage = "live" } && aws_cloudtrail.this.tags == tomap({ owner = "security" })
    error_message = "The tags of the trail go before the provider's default tags."
  }
  assert {
    condition     = startswith(output.baseline.parameter_name, "/trailkeeper/audit/audit/")
    error_message = "The parameter must be named after the trail."
  }
}

run "basic_selectors" {
  command = plan

  variables {
    event_selectors = [
      { exclude_management_event_sources = ["kms.amazonaws.com"] },
      { read_write_type = "WriteOnly", include_management_events = false, data_resources = [{ type = "AWS::S3::Object", values = ["arn:aws:s3:::vault/"] }] },
    ]
  }

  assert {
    condition = jsondecode(output.baseline_document).event_selectors == [
      {
        read_write_type                  = "All"
        include_management_events        = true
        exclude_management_event_sources = ["kms.amazonaws.com"]
        data_resources                   = []
      },
      {
        read_write_type                  = "WriteOnly"
        include_management_events        = false
        exclude_management_event_sources = []
        data_resources                   = [{ type = "AWS::S3::Object", values = ["arn:aws:s3:::vault/"] }]
      },
    ]
    error_message = "The baseline must hold the selectors with their defaults."
  }
  assert {
    condition = jsonencode([for s in aws_cloudtrail.this.event_selector : [s.read_write_type, s.include_management_events, s.exclude_management_event_sources, [for r in s.data_resource : [r.type, r.values]]]]) == jsonencode([
      ["All", true, ["kms.amazonaws.com"], []],
      ["WriteOnly", false, [], [["AWS::S3::Object", ["arn:aws:s3:::vault/"]]]],
    ])
    error_message = "The trail must have the same selectors."
  }
  assert {
    condition     = !can(jsondecode(output.baseline_document).advanced_event_selectors)
    error_message = "The baseline has one kind of selectors."
  }
}

run "the_default_selector_in_words_is_no_block" {
  command = plan

  variables {
    event_selectors = [{ read_write_type = "All" }]
  }

  assert {
    condition     = length(aws_cloudtrail.this.event_selector) == 0
    error_message = "The provider reads the default selector as none: a block would be in every plan."
  }
  assert {
    condition     = length(jsondecode(output.baseline_document).event_selectors) == 1
    error_message = "It is guarded all the same."
  }
}

run "advanced_selectors" {
  command = plan

  variables {
    advanced_event_selectors = [
      { name = "Management", field_selectors = [{ field = "eventCategory", equals = ["Management"] }] },
      { field_selectors = [
        { field = "eventCategory", equals = ["Data"] },
        { field = "resources.type", not_equals = ["AWS::S3::Object"] },
        { field = "resources.ARN", starts_with = ["a"], not_starts_with = ["b"], ends_with = ["c"], not_ends_with = ["d"] },
      ] },
    ]
  }

  assert {
    condition = jsondecode(output.baseline_document).advanced_event_selectors == [
      { name = "Management", field_selectors = [{ field = "eventCategory", equals = ["Management"] }] },
      { field_selectors = [
        { field = "eventCategory", equals = ["Data"] },
        { field = "resources.type", not_equals = ["AWS::S3::Object"] },
        { field = "resources.ARN", starts_with = ["a"], not_starts_with = ["b"], ends_with = ["c"], not_ends_with = ["d"] },
      ] },
    ]
    error_message = "The baseline must hold the selectors."
  }
  assert {
    condition = (
      length(aws_cloudtrail.this.event_selector) == 0
      && [for s in aws_cloudtrail.this.advanced_event_selector : length(s.field_selector)] == [1, 3]
      && aws_cloudtrail.this.advanced_event_selector[0].name == "Management"
      && one([for f in aws_cloudtrail.this.advanced_event_selector[0].field_selector : [f.field, f.equals[0]]]) == ["eventCategory", "Management"]
      && one([for f in aws_cloudtrail.this.advanced_event_selector[1].field_selector : f.not_equals[0] if f.field == "resources.type"]) == "AWS::S3::Object"
      && one([for f in aws_cloudtrail.this.advanced_event_selector[1].field_selector : [f.starts_with[0], f.not_starts_with[0], f.ends_with[0], f.not_ends_with[0]] if f.field == "resources.ARN"]) == ["a", "b", "c", "d"]
    )
    error_message = "The trail must have the same selectors."
  }
  assert {
    condition     = !can(jsondecode(output.baseline_document).event_selectors)
    error_message = "The baseline has one kind of selectors."
  }
}

run "both_kinds_of_selectors_are_refused" {
  command = plan

  variables {
    event_selectors          = [{ read_write_type = "WriteOnly" }]
    advanced_event_selectors = [{ field_selectors = [{ field = "eventCategory", equals = ["Management"] }] }]
  }

  expect_failures = [var.advanced_event_selectors]
}

run "no_selector_at_all_is_refused" {
  command = plan

  variables {
    event_selectors = []
  }

  expect_failures = [var.event_selectors]
}

run "an_unknown_read_write_type_is_refused" {
  command = plan

  variables {
    event_selectors = [{ read_write_type = "Write" }]
  }

  expect_failures = [var.event_selectors]
}

run "a_selector_without_field_selectors_is_refused" {
  command = plan

  variables {
    advanced_event_selectors = [{ name = "all", field_selectors = [] }]
  }

  expect_failures = [var.advanced_event_selectors]
}

run "a_field_selector_without_value_is_refused" {
  command = plan

  variables {
    advanced_event_selectors = [{ field_selectors = [{ field = "eventCategory" }] }]
  }

  expect_failures = [var.advanced_event_selectors]
}

run "an_unknown_insight_type_is_refused" {
  command = plan

  variables {
    insight_selectors = [{ insight_type = "CallRate" }]
  }

  expect_failures = [var.insight_selectors]
}

run "an_insight_type_named_twice_is_refused" {
  command = plan

  variables {
    insight_selectors = [{ insight_type = "ApiCallRateInsight" }, { insight_type = "ApiCallRateInsight" }]
  }

  expect_failures = [var.insight_selectors]
}

run "a_prefix_with_a_slash_at_the_end_is_refused" {
  command = plan

  variables {
    s3_key_prefix = "audit/"
  }

  expect_failures = [var.s3_key_prefix]
}

run "a_prefix_with_a_wildcard_is_refused" {
  command = plan

  variables {
    s3_key_prefix = "audit*"
  }

  expect_failures = [var.s3_key_prefix]
}
