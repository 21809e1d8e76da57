# Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  override_during = plan

  mock_data "aws_caller_identity" {
    defaults = { account_id = "123456789012" }
  }
  mock_data "aws_partition" {
    defaults = { partition = "aws" }
  }
  mock_data "aws_region" {
    defaults = { id = "eu-central-1" }
  }
  mock_resource "aws_kms_key" {
    defaults = { arn = "arn:aws:kms:eu-central-1:123456789012:key/11111111-2222-3333-4444-555555555555" }
  }
  mock_resource "aws_sns_topic" {
    defaults = { arn = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts" }
  }
}

run "topic_is_encrypted_with_its_own_key" {
  command = plan

  assert {
    condition     = aws_sns_topic.alerts.name == "trailkeeper-alerts" && aws_kms_alias.topic.name == "alias/trailkeeper-alerts"
    error_message = "Names must follow the prefix."
  }
  assert {
    condition     = aws_sns_topic.alerts.kms_master_key_id == aws_kms_key.topic.arn && aws_kms_key.topic.enable_key_rotation
    error_message = "The topic must use the module's key, and the key must rotate."
  }
  assert {
    condition     = length(aws_sns_topic_subscription.email) == 0 && length(aws_sns_topic_subscription.this) == 0
    error_message = "Nobody is subscribed unless asked for."
  }
}

run "only_alarms_of_this_account_publish" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s if s.Effect == "Allow"] == [{
      Sid       = "AlarmsPublish"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = "sns:Publish"
      Resource  = "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:trailkeeper-*"] }
      }
    }]
    error_message = "The topic policy must grant publishing to this account's alarms and nothing else."
  }
  assert {
    condition = anytrue([for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement :
      s.Effect == "Deny" && s.Principal == "*" && s.Action == "sns:Publish" && s.Condition == { Bool = { "aws:SecureTransport" = "false" } }
    ])
    error_message = "Publishing over plain HTTP must be denied."
  }
}

run "alarms_may_use_the_key" {
  command = plan

  assert {
    condition = [for s in jsondecode(aws_kms_key.topic.policy).Statement : s if can(s.Principal.Service)] == [{
      Sid       = "AlarmsUseKey"
      Effect    = "Allow"
      Principal = { Service = "cloudwatch.amazonaws.com" }
      Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
      Resource  = "*"
      Condition = {
        StringEquals = { "aws:SourceAccount" = "123456789012" }
        ArnLike      = { "aws:SourceArn" = ["arn:aws:cloudwatch:eu-central-1:123456789012:alarm:trailkeeper-*"] }
      }
    }]
    error_message = "Without this grant alarms into the encrypted topic fail silently; with a wider one others use the key."
  }
  assert {
    condition     = [for s in jsondecode(aws_kms_key.topic.policy).Statement : s.Principal.AWS if can(s.Principal.AWS)] == ["arn:aws:iam::123456789012:root"]
    error_message = "The responder's role gets the key through IAM policies, so the account must be named, and nobody else."
  }
}

run "people_and_machines_subscribe" {
  command = plan

  variables {
    email_addresses = ["soc@example.com", "oncall@example.com"]
    subscriptions = {
      queue = {
        protocol             = "sqs"
        endpoint             = "arn:aws:sqs:eu-central-1:123456789012:notices"
        raw_message_delivery = true
        filter_policy        = "{\"severity\":[\"critical\"]}"
      }
      hook = { protocol = "https", endpoint = "https://hooks.example.com/x" }
    }
  }

  assert {
    condition     = toset([for s in aws_sns_topic_subscription.email : "${s.protocol} ${s.endpoint}"]) == toset(["email soc@example.com", "email oncall@example.com"])
    error_message = "Every address must be subscribed by e-mail."
  }
  assert {
    condition = (
      aws_sns_topic_subscription.this["queue"].endpoint == "arn:aws:sqs:eu-central-1:123456789012:notices"
      && aws_sns_topic_subscription.this["queue"].raw_message_delivery
      && jsondecode(aws_sns_topic_subscription.this["queue"].filter_policy).severity == ["critical"]
      && aws_sns_topic_subscription.this["queue"].filter_policy_scope == "MessageAttributes"
    )
    error_message = "A subscription must carry what was asked for."
  }
  assert {
    condition     = aws_sns_topic_subscription.this["hook"].protocol == "https" && !aws_sns_topic_subscription.this["hook"].raw_message_delivery
    error_message = "A subscription needs no more than protocol and endpoint."
  }
}

run "no_partition_is_hard_coded" {
  command = plan

  override_data {
    target = data.aws_partition.current
    values = { partition = "aws-us-gov" }
  }

  assert {
    condition     = !strcontains("${aws_sns_topic_policy.alerts.policy}${aws_kms_key.topic.policy}", "arn:aws:")
    error_message = "Policies must use the partition they are deployed in."
  }
}

run "addresses_are_checked" {
  command = plan

  variables {
    email_addresses = ["not an address"]
  }

  expect_failures = [var.email_addresses]
}

run "plain_http_is_refused" {
  command = plan

  variables {
    subscriptions = { hook = { protocol = "http", endpoint = "http://hooks.example.com/x" } }
  }

  expect_failures = [var.subscriptions]
}

run "filters_are_checked" {
  command = plan

  variables {
    subscriptions = { hook = { protocol = "https", endpoint = "https://hooks.example.com/x", filter_policy = "severity=critical" } }
  }

  expect_failures = [var.subscriptions]
}

run "raw_delivery_is_checked" {
  command = plan

  variables {
    subscriptions = { phone = { protocol = "sms", endpoint = "+4915112345678", raw_message_delivery = true } }
  }

  expect_failures = [var.subscriptions]
}

run "names_are_checked" {
  command = plan

  variables {
    name = "1st"
  }

  expect_failures = [var.name]
}

run "other_alarms_may_be_named" {
  command = plan

  variables {
    alarm_names = ["guard-*", "billing"]
  }

  assert {
    condition = one([for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : s.Condition.ArnLike["aws:SourceArn"] if s.Sid == "AlarmsPublish"]) == [
      "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:guard-*",
      "arn:aws:cloudwatch:eu-central-1:123456789012:alarm:billing",
    ]
    error_message = "Only the named alarms may publish."
  }
}

run "no_alarm_name_is_refused" {
  command = plan

  variables {
    alarm_names = []
  }

  expect_failures = [var.alarm_names]
}

run "severities_become_filters" {
  command = plan

  variables {
    subscriptions = {
      oncall = { protocol = "email", endpoint = "oncall@example.com", severities = ["critical", "high"] }
      all    = { protocol = "https", endpoint = "https://hooks.example.com/x" }
    }
  }

  assert {
    condition = (
      jsondecode(aws_sns_topic_subscription.this["oncall"].filter_policy) == { severity = ["critical", "high"] }
      && aws_sns_topic_subscription.this["oncall"].filter_policy_scope == "MessageAttributes"
    )
    error_message = "severities must filter by the attribute severity."
  }
  assert {
    condition     = aws_sns_topic_subscription.this["all"].filter_policy == null
    error_message = "Without severities everything arrives."
  }
}

run "a_function_is_invoked_only_if_asked_for" {
  command = plan

  variables {
    subscriptions = {
      mine   = { protocol = "lambda", endpoint = "arn:aws:lambda:eu-central-1:123456789012:function:page", allow_invoke = true }
      theirs = { protocol = "lambda", endpoint = "arn:aws:lambda:eu-central-1:999988887777:function:page" }
    }
  }

  assert {
    condition = (
      keys(aws_lambda_permission.subscribed) == ["mine"]
      && aws_lambda_permission.subscribed["mine"].principal == "sns.amazonaws.com"
      && aws_lambda_permission.subscribed["mine"].source_arn == "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
    )
    error_message = "Only this topic may invoke, and only what was asked for."
  }
}

run "unknown_severities_are_refused" {
  command = plan

  variables {
    subscriptions = { hook = { protocol = "https", endpoint = "https://hooks.example.com/x", severities = ["urgent"] } }
  }

  expect_failures = [var.subscriptions]
}

run "two_filters_are_refused" {
  command = plan

  variables {
    subscriptions = { hook = { protocol = "https", endpoint = "https://hooks.example.com/x", severities = ["high"], filter_policy = "{}" } }
  }

  expect_failures = [var.subscriptions]
}

run "an_endpoint_must_suit_its_protocol" {
  command = plan

  variables {
    subscriptions = { queue = { protocol = "sqs", endpoint = "arn:aws:lambda:eu-central-1:123456789012:function:page" } }
  }

  expect_failures = [var.subscriptions]
}

run "https_means_https" {
  command = plan

  variables {
    subscriptions = { hook = { protocol = "https", endpoint = "http://hooks.example.com/x" } }
  }

  expect_failures = [var.subscriptions]
}

run "topics_and_key_are_changed_by_those_who_are_named" {
  command = plan

  variables {
    chat            = {}
    only_changed_by = ["arn:aws:iam::123456789012:role/deploy"]
  }

  assert {
    condition = alltrue([for policy in [aws_sns_topic_policy.alerts.policy, aws_sns_topic_policy.chat[0].policy, aws_kms_key.topic.policy] :
      [for s in jsondecode(policy).Statement : s.Condition if s.Sid == "OnlyNamedChange"] == [
        { ArnNotLike = { "aws:PrincipalArn" = ["arn:aws:iam::123456789012:role/deploy", "arn:aws:iam::123456789012:root"] } }
      ]
    ])
    error_message = "Those who are named, and the root user, who alone could undo a mistake."
  }
  assert {
    condition     = !anytrue([for s in jsondecode(aws_sns_topic_policy.alerts.policy).Statement : contains(flatten([s.Action]), "sns:Publish") if s.Sid == "OnlyNamedChange"])
    error_message = "Publishing is none of it."
  }
}

run "the_topic_is_declared_as_it_is_made" {
  command = plan

  variables {
    email_addresses = ["ops@example.com"]
    subscriptions = {
      queue = { protocol = "sqs", endpoint = "arn:aws:sqs:eu-central-1:123456789012:notices", severities = ["critical"], raw_message_delivery = true }
      web   = { protocol = "https", endpoint = "https://example.com/x", filter_policy = "{\"outcome\":[\"restored\"]}", filter_policy_scope = "MessageBody" }
    }
  }

  assert {
    condition     = jsonencode(jsondecode(output.evidence_documents.topic).declared.policy) == jsonencode(jsondecode(aws_sns_topic_policy.alerts.policy)) && jsondecode(output.evidence_documents.topic).arn == "arn:aws:sns:eu-central-1:123456789012:trailkeeper-alerts"
    error_message = "The topic's policy must be declared."
  }
  assert {
    condition = jsondecode(output.evidence_documents.topic).declared.subscriptions == {
      "email ops@example.com"                             = {}
      "sqs arn:aws:sqs:eu-central-1:123456789012:notices" = { RawMessageDelivery = "true", FilterPolicy = "{\"severity\":[\"critical\"]}" }
      "https https://example.com/x"                       = { FilterPolicy = "{\"outcome\":[\"restored\"]}", FilterPolicyScope = "MessageBody" }
    } && jsondecode(output.evidence_documents.topic).declared.filters == jsondecode(output.evidence_documents.topic).declared.subscriptions
    error_message = "Each subscription must be declared with what it is sent."
  }
  assert {
    condition     = jsondecode(output.evidence_documents.topic).restored == ["policy", "kms_key", "subscriptions"] && startswith(aws_ssm_parameter.evidence["topic"].name, "/trailkeeper/trailkeeper/guard/topic/")
    error_message = "The responder reads below its own path."
  }
  assert {
    condition = jsonencode(jsondecode(output.evidence_documents.topic_key)) == jsonencode({
      schema   = "trailkeeper.evidence"
      version  = 1
      arn      = aws_kms_key.topic.arn
      declared = { state = "Enabled", policy = jsondecode(aws_kms_key_policy.topic.policy), rotation = aws_kms_key.topic.enable_key_rotation }
      restored = ["state"]
    }) && aws_kms_key.topic.policy == aws_kms_key_policy.topic.policy && aws_kms_key_policy.topic.bypass_policy_lockout_safety_check
    error_message = "The key must be declared as it is made, and keep its policy while another takes its place."
  }
  assert {
    condition     = output.evidence.key_arn == aws_kms_key.topic.arn && output.evidence.key_parameter_name == aws_ssm_parameter.evidence["topic_key"].name && startswith(output.evidence.key_parameter_name, "/trailkeeper/trailkeeper/guard/topic_key/")
    error_message = "The responder must be told of the key."
  }
}

run "a_topic_that_is_not_guarded_has_no_document" {
  command = plan

  variables {
    guard_topic = false
  }

  assert {
    condition     = length(aws_ssm_parameter.evidence) == 0 && output.evidence == null
    error_message = "What is not guarded must leave no trace."
  }
}
