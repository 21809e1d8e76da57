# The document and its parameter. Plans against a mocked provider: no account, no
# emulator.

mock_provider "aws" {}

variables {
  trail_arn = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
}

run "the_logging_state_alone" {
  command = plan

  assert {
    condition = jsondecode(aws_ssm_parameter.baseline.insecure_value) == {
      schema     = "trailkeeper.baseline"
      version    = 1
      trail_arn  = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
      is_logging = true
    }
    error_message = "Without a declaration the document must hold the logging state and nothing else."
  }
  assert {
    condition = jsonencode(output.baseline) == jsonencode({
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
      parameter_name            = "/trailkeeper/trailkeeper/audit/${sha256(aws_ssm_parameter.baseline.insecure_value)}"
      parameter_path            = "/trailkeeper/trailkeeper/audit"
      can_be_recreated          = false
      guards                    = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      cloud_watch_logs_role_arn = null
      is_organization_trail     = false
    })
    error_message = "The responder must learn that nothing else is guarded, and the parameter's name with the hash of its value."
  }
  assert {
    condition     = aws_ssm_parameter.baseline.name == output.baseline.parameter_name && endswith(aws_ssm_parameter.baseline.name, output.sha256)
    error_message = "The parameter must have that name, and the hash must be its last part."
  }
  assert {
    condition     = aws_ssm_parameter.baseline.type == "String" && aws_ssm_parameter.baseline.tier == "Intelligent-Tiering"
    error_message = "A baseline is no secret, and may need an advanced parameter."
  }
  assert {
    condition     = output.document == aws_ssm_parameter.baseline.insecure_value
    error_message = "The output must be the document."
  }
}

run "everything_declared" {
  command = plan

  variables {
    name = "guard"
    tags = { owner = "security" }

    baseline = {
      s3_bucket_name                = "logs"
      s3_key_prefix                 = "audit"
      sns_topic_name                = "log-files"
      kms_key_id                    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
      is_multi_region_trail         = true
      include_global_service_events = true
      enable_log_file_validation    = true
      cloud_watch_logs_group_arn    = "arn:aws:logs:eu-central-1:123456789012:log-group:copy:*"
      cloud_watch_logs_role_arn     = "arn:aws:iam::123456789012:role/copy"
      is_organization_trail         = false
      event_selectors = [
        { data_resources = [{ type = "AWS::S3::Object", values = ["arn:aws:s3:::vault/"] }] },
        { read_write_type = "WriteOnly", include_management_events = false, exclude_management_event_sources = ["kms.amazonaws.com"] },
      ]
      insight_selectors = [{ insight_type = "ApiCallRateInsight" }, { insight_type = "ApiErrorRateInsight", event_categories = ["Data"] }]
      tags              = { owner = "security" }
    }
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.baseline.insecure_value) == {
      schema                        = "trailkeeper.baseline"
      version                       = 1
      trail_arn                     = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
      is_logging                    = true
      s3_bucket_name                = "logs"
      s3_key_prefix                 = "audit"
      sns_topic_name                = "log-files"
      kms_key_id                    = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555"
      is_multi_region_trail         = true
      include_global_service_events = true
      enable_log_file_validation    = true
      cloud_watch_logs_group_arn    = "arn:aws:logs:eu-central-1:123456789012:log-group:copy:*"
      cloud_watch_logs_role_arn     = "arn:aws:iam::123456789012:role/copy"
      is_organization_trail         = false
      event_selectors = [
        { data_resources = [{ type = "AWS::S3::Object", values = ["arn:aws:s3:::vault/"] }] },
        { read_write_type = "WriteOnly", include_management_events = false, exclude_management_event_sources = ["kms.amazonaws.com"] },
      ]
      insight_selectors = [{ insight_type = "ApiCallRateInsight" }, { insight_type = "ApiErrorRateInsight", event_categories = ["Data"] }]
      tags              = { owner = "security" }
    }
    error_message = "The document must hold what was declared, without the keys that were not."
  }
  assert {
    condition     = output.baseline.can_be_recreated && output.baseline.guards == { settings = true, event_selectors = true, insight_selectors = true, tags = true }
    error_message = "All is guarded, and a deleted trail can be made again."
  }
  assert {
    condition     = output.baseline.cloud_watch_logs_role_arn == "arn:aws:iam::123456789012:role/copy"
    error_message = "The responder must learn which role it passes on."
  }
  assert {
    condition     = startswith(aws_ssm_parameter.baseline.name, "/trailkeeper/guard/audit/") && aws_ssm_parameter.baseline.tags == tomap({ owner = "security" })
    error_message = "Name and tags must be honoured."
  }
}

run "declared_as_none" {
  command = plan

  variables {
    baseline = {
      s3_key_prefix              = ""
      sns_topic_name             = ""
      kms_key_id                 = ""
      cloud_watch_logs_group_arn = ""
      cloud_watch_logs_role_arn  = ""
      insight_selectors          = []
      tags                       = {}
    }
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.baseline.insecure_value) == {
      schema                     = "trailkeeper.baseline"
      version                    = 1
      trail_arn                  = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
      is_logging                 = true
      s3_key_prefix              = ""
      sns_topic_name             = ""
      kms_key_id                 = ""
      cloud_watch_logs_group_arn = ""
      cloud_watch_logs_role_arn  = ""
      insight_selectors          = []
      tags                       = {}
    }
    error_message = "Declared as none is not the same as not guarded."
  }
  assert {
    condition     = !output.baseline.can_be_recreated && output.baseline.guards == { settings = true, event_selectors = false, insight_selectors = true, tags = true }
    error_message = "None is guarded too; selectors are not; a trail without its bucket cannot be made again."
  }
  assert {
    condition     = output.baseline.cloud_watch_logs_role_arn == null
    error_message = "There is no role to pass on."
  }
}

run "a_captured_document_is_taken_as_it_is" {
  command = plan

  variables {
    baseline = jsondecode(<<-JSON
      {
        "schema": "trailkeeper.baseline", "version": 1, "is_logging": true,
        "trail_arn": "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit",
        "s3_bucket_name": "logs", "is_multi_region_trail": true, "added_later": "is dropped",
        "advanced_event_selectors": [
          {"name": "Management", "field_selectors": [{"field": "eventCategory", "equals": ["Management"]}]},
          {"field_selectors": [
            {"field": "eventCategory", "equals": ["Data"]},
            {"field": "resources.ARN", "not_starts_with": ["arn:aws:s3:::tmp"], "ends_with": []}
          ]}
        ]
      }
    JSON
    )
  }

  assert {
    condition = jsondecode(aws_ssm_parameter.baseline.insecure_value) == {
      schema                = "trailkeeper.baseline"
      version               = 1
      trail_arn             = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/audit"
      is_logging            = true
      s3_bucket_name        = "logs"
      is_multi_region_trail = true
      advanced_event_selectors = [
        { name = "Management", field_selectors = [{ field = "eventCategory", equals = ["Management"] }] },
        { field_selectors = [
          { field = "eventCategory", equals = ["Data"] },
          { field = "resources.ARN", not_starts_with = ["arn:aws:s3:::tmp"] },
        ] },
      ]
    }
    error_message = "The document must hold what was captured, and nothing that the schema does not know."
  }
  assert {
    condition     = output.baseline.guards == { settings = true, event_selectors = true, insight_selectors = false, tags = false }
    error_message = "Advanced selectors are guarded as basic ones are."
  }
}

run "the_longest_document_fits" {
  command = plan

  variables {
    # With the frame around it exactly 8192 bytes; "é" has two.
    baseline = { tags = { a = "é${format("%8040s", "")}" } }
  }

  assert {
    condition     = local.document_bytes == 8192
    error_message = "The limit is to be met exactly: ${local.document_bytes} bytes."
  }
}
