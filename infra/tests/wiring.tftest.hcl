# What of the variables reaches the modules. Plans against a mocked provider: no
# account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  # Any file does: a plan reads only its hash.
  package = "main.tf"
}

run "logs_are_kept_as_asked_for" {
  command = plan

  variables {
    log_retention_days = 400
    log_object_lock    = { days = 90 }
    force_destroy_logs = true
  }

  assert {
    condition     = jsonencode(module.trail[0].log_retention) == jsonencode({ expiration_days = 400, lock_mode = "GOVERNANCE", lock_days = 90, force_destroy = true })
    error_message = "Retention, lock and force_destroy must reach the bucket."
  }
}

run "logs_are_kept_a_year_unless_asked_otherwise" {
  command = plan

  assert {
    condition     = jsonencode(module.trail[0].log_retention) == jsonencode({ expiration_days = 365, lock_mode = null, lock_days = null, force_destroy = false })
    error_message = "A year, no lock, and a destroy keeps them."
  }
}

run "the_trail_records_what_was_asked_for" {
  command = plan

  variables {
    event_selectors   = [{ data_resources = [{ type = "AWS::S3::Object", values = ["arn:aws:s3:::vault/"] }] }]
    insight_selectors = [{ insight_type = "ApiErrorRateInsight" }]
    s3_key_prefix     = "audit"
    tags              = { owner = "security" }
  }

  assert {
    condition = { for field in ["event_selectors", "insight_selectors", "s3_key_prefix", "tags"] : field => jsondecode(output.baselines["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"])[field] } == {
      event_selectors = [{
        read_write_type                  = "All"
        include_management_events        = true
        exclude_management_event_sources = []
        data_resources                   = [{ type = "AWS::S3::Object", values = ["arn:aws:s3:::vault/"] }]
      }]
      insight_selectors = [{ insight_type = "ApiErrorRateInsight" }]
      s3_key_prefix     = "audit"
      tags              = { owner = "security", stage = "live" }
    }
    error_message = "Selectors, prefix, tags and default tags must reach the trail's baseline."
  }
}

run "advanced_selectors_reach_the_trail" {
  command = plan

  variables {
    advanced_event_selectors = [{ name = "Management", field_selectors = [{ field = "eventCategory", equals = ["Management"] }] }]
  }

  assert {
    condition = jsondecode(output.baselines["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"]).advanced_event_selectors == [
      { name = "Management", field_selectors = [{ field = "eventCategory", equals = ["Management"] }] },
    ]
    error_message = "Advanced selectors must reach the trail's baseline."
  }
}

run "everybody_is_subscribed" {
  command = plan

  variables {
    notification_emails = ["security@example.com"]
    subscriptions       = { queue = { protocol = "sqs", endpoint = "arn:aws:sqs:eu-central-1:123456789012:notices" } }
  }

  assert {
    condition     = toset(keys(module.notifications.subscription_arns)) == toset(["security@example.com", "queue"])
    error_message = "E-mail addresses and other subscriptions must reach the topic."
  }
}

run "chats_are_told" {
  command = plan

  variables {
    chat = { slack = { security = { team_id = "T07EA123LEP", channel_id = "C07EZ1ABC23" } } }
  }

  assert {
    condition     = module.responder.environment["TRAILKEEPER_CHAT_TOPIC_ARN"] == output.chat_topic_arn && output.chat_topic_arn != null
    error_message = "The function must be told of the chats' topic."
  }
}

run "security_hub_is_told" {
  command = plan

  variables {
    security_hub = true
  }

  assert {
    condition     = module.responder.environment["TRAILKEEPER_SECURITY_HUB"] == "true"
    error_message = "The function must be told of Security Hub."
  }
}

run "the_responder_is_told_what_to_do" {
  command = plan

  variables {
    mode                   = "observe"
    change_principals      = ["arn:aws:iam::123456789012:role/pipeline"]
    peer_roles             = ["arn:aws:iam::123456789012:role/trailkeeper-remediation"]
    sweep_interval_minutes = 15
    containment            = { principals = ["user/*"] }
    break_glass            = [{ principal = "arn:aws:iam::123456789012:role/admin", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
  }

  assert {
    condition     = jsondecode(module.responder.environment["TRAILKEEPER_CONTAINMENT"]).principals == ["user/*"]
    error_message = "Whom it may contain must reach the function."
  }
  assert {
    condition     = jsondecode(module.responder.environment["TRAILKEEPER_BREAK_GLASS"])[0].reason == "why"
    error_message = "Break-glass must reach the function."
  }

  assert {
    condition     = module.responder.environment["TRAILKEEPER_MODE"] == "observe" && module.responder.environment["TRAILKEEPER_CHANGE_PRINCIPALS"] == "arn:aws:iam::123456789012:role/pipeline"
    error_message = "Mode and change principals must reach the function."
  }
  assert {
    condition     = module.responder.environment["TRAILKEEPER_PEER_ROLES"] == "arn:aws:iam::123456789012:role/trailkeeper-responder-understudy,arn:aws:iam::123456789012:role/trailkeeper-remediation"
    error_message = "The other responder's role must reach the function."
  }
  assert {
    condition     = module.responder.environment["TRAILKEEPER_TRAILS"] == "arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper=${module.trail[0].baseline.parameter_name}"
    error_message = "The function must know the trail and its baseline."
  }
  assert {
    condition     = module.responder.environment["TRAILKEEPER_TOPIC_ARN"] == output.alerts_topic_arn
    error_message = "The function must know the topic."
  }
  assert {
    condition     = module.responder.schedule_expression == "rate(15 minutes)"
    error_message = "The interval must reach the schedule."
  }
}

run "an_understudy_stands_by_unless_asked_otherwise" {
  command = plan

  variables {
    only_changed_by = ["arn:aws:iam::123456789012:role/deploy"]
  }

  assert {
    condition     = output.understudy_function_name == "trailkeeper-responder-understudy" && output.understudy_role_name == "trailkeeper-responder-understudy" && output.understudy_schedule_name == "trailkeeper-sweep-understudy"
    error_message = "The outputs must lead to the understudy."
  }
  assert {
    condition     = local.only_changed_by == tolist(["arn:aws:iam::123456789012:role/deploy", "arn:*:iam::*:role/trailkeeper-responder", "arn:*:iam::*:role/trailkeeper-responder-understudy"])
    error_message = "Both must be able to heal what only the named may change, and nobody whose name only begins so."
  }
}

run "no_understudy_on_request" {
  command = plan

  variables {
    understudy      = false
    only_changed_by = ["arn:aws:iam::123456789012:role/deploy"]
  }

  assert {
    condition     = output.understudy_function_name == null && output.understudy_role_name == null && output.understudy_schedule_name == null && !contains(keys(output.alarm_names), "understudy_heartbeat")
    error_message = "understudy must reach the responder's module."
  }
  assert {
    condition     = local.only_changed_by == tolist(["arn:aws:iam::123456789012:role/deploy", "arn:*:iam::*:role/trailkeeper-responder"])
    error_message = "A role that is not there must not be let through: its name could be taken."
  }
}

run "existing_trails_are_protected_as_declared" {
  command = plan

  variables {
    create_trail = false
    existing_trails = {
      "arn:aws:cloudtrail:eu-central-1:123456789012:trail/old" = {}
      "arn:aws:cloudtrail:eu-central-1:123456789012:trail/declared" = {
        baseline = { s3_bucket_name = "logs", is_multi_region_trail = true, insight_selectors = [] }
      }
      "arn:aws:cloudtrail:eu-central-1:123456789012:trail/captured" = {
        baseline = jsondecode(<<-JSON
          {
            "schema": "trailkeeper.baseline", "version": 1, "is_logging": true,
            "trail_arn": "arn:aws:cloudtrail:eu-central-1:123456789012:trail/captured",
            "event_selectors": [{"read_write_type": "All"}], "tags": {"a": "b"}
          }
        JSON
        )
      }
    }
  }

  assert {
    condition = { for arn, document in output.baselines : split("/", arn)[1] => [for field in keys(jsondecode(document)) : field if !contains(["schema", "version", "trail_arn", "is_logging"], field)] } == {
      old      = []
      declared = ["insight_selectors", "is_multi_region_trail", "s3_bucket_name"]
      captured = ["event_selectors", "tags"]
    }
    error_message = "Each trail must have the baseline that was declared for it."
  }
  assert {
    condition     = alltrue([for arn, document in output.baselines : jsondecode(document).trail_arn == arn])
    error_message = "Each baseline must be its trail's."
  }
  assert {
    condition     = module.responder.environment["TRAILKEEPER_TRAILS"] == join(",", [for name in ["captured", "declared", "old"] : "arn:aws:cloudtrail:eu-central-1:123456789012:trail/${name}=/trailkeeper/trailkeeper/${name}/${sha256(output.baselines["arn:aws:cloudtrail:eu-central-1:123456789012:trail/${name}"])}"])
    error_message = "The function must know each trail and the hash of its baseline."
  }
}

run "a_delegated_administrator_protects_the_organisations_trail" {
  command = plan

  variables {
    create_trail = false
    existing_trails = {
      "arn:aws:cloudtrail:eu-central-1:999988887777:trail/all" = { baseline = { is_organization_trail = true } }
    }
  }

  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:999988887777:trail/all"])
    error_message = "The management account owns the trail, and this account may heal it."
  }
}

run "the_organisations_trail_is_made_and_protected" {
  command = plan

  variables {
    organization = { id = "o-a1b2c3d4e5", management_account_id = "123456789012" }
  }

  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"])
    error_message = "The trail made here must be protected."
  }
  assert {
    condition     = jsondecode(output.baselines["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"]).is_organization_trail
    error_message = "The trail must be the organisation's, and stay that."
  }
}

run "a_delegated_administrator_makes_the_organisations_trail" {
  command = plan

  variables {
    organization = { id = "o-a1b2c3d4e5", management_account_id = "999988887777" }
  }

  assert {
    condition     = output.protected_trail_arns == tolist(["arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper"]) && keys(output.baselines) == ["arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper"]
    error_message = "The management account owns the trail, and this account may heal it."
  }
  assert {
    condition     = startswith(module.responder.role_arn, "arn:aws:iam::123456789012:") && jsondecode(output.baselines["arn:aws:cloudtrail:eu-central-1:999988887777:trail/trailkeeper"]).s3_bucket_name == "trailkeeper-logs-123456789012-eu-central-1"
    error_message = "Responder and bucket are of this account."
  }
}
