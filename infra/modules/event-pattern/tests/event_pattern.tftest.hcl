# No provider, no account: the module only says something.

run "the_pattern_names_the_calls" {
  command = apply

  assert {
    condition = output.pattern == {
      source        = ["aws.cloudtrail", "aws.organizations"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"]
        eventName = [
          "StopLogging", "UpdateTrail", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "AddTags", "RemoveTags", "CreateTrail",
          "DeregisterOrganizationDelegatedAdmin", "PutEventConfiguration", "DisableAWSServiceAccess", "DeregisterDelegatedAdministrator", "LeaveOrganization", "RemoveAccountFromOrganization", "CloseAccount",
        ]
      }
    }
    error_message = "The pattern must pin source, type, service and calls, look at no parameter or error code, and leave account and region to whoever uses it."
  }
}

run "parts_by_name_or_without_parameters" {
  command = apply

  variables {
    responder = {
      name      = "trailkeeper"
      functions = "arn:aws:lambda:eu-central-1:123456789012:function:"
    }
  }

  assert {
    condition = jsonencode({ for kind, pattern in output.part_patterns : kind => [pattern.source, pattern.detail.eventSource, pattern.detail.requestParameters] if contains(["rule", "function"], kind) }) == jsonencode({
      rule = [["aws.events"], ["events.amazonaws.com"], { name = [{ prefix = "trailkeeper-" }, { exists = false }], rule = [{ prefix = "trailkeeper-" }, { exists = false }] }]
      function = [["aws.lambda"], ["lambda.amazonaws.com"], { functionName = [
        { prefix = "arn:aws:lambda:eu-central-1:123456789012:function:trailkeeper-" },
        { prefix = "123456789012:function:trailkeeper-" },
        { prefix = "trailkeeper-" },
        { exists = false },
      ] }]
    })
    error_message = "Calls about what is named otherwise must stay out, those without parameters must come in."
  }
  assert {
    condition = jsonencode(output.part_patterns.schedule.detail) == jsonencode({
      eventSource = ["scheduler.amazonaws.com"]
      "$or" = [
        { eventName = ["UpdateSchedule"], requestParameters = { name = [{ prefix = "trailkeeper-" }, { exists = false }] } },
        { eventName = ["CreateSchedule", "DeleteSchedule", "DeleteScheduleGroup"], requestParameters = { name = ["trailkeeper", "trailkeeper-sweep", { exists = false }] } },
        { eventName = ["CreateSchedule", "DeleteSchedule", "DeleteScheduleGroup"], errorCode = [{ exists = true }], requestParameters = { name = [{ prefix = "trailkeeper-" }] } },
      ]
    })
    error_message = "The understudy's schedule must be destroyed, and made, without waking the function, and not be changed so."
  }
  assert {
    condition     = alltrue([for pattern in values(output.part_patterns) : length(jsonencode(pattern)) < 1900])
    error_message = "EventBridge takes 2048 characters, account and region included."
  }
}

run "bucket_and_key_by_name_or_without_parameters" {
  command = apply

  variables {
    evidence = [
      { kind = "log_bucket", arn = "arn:aws:s3:::logs" },
      { kind = "log_key", arn = "arn:aws:kms:eu-central-1:123456789012:key/1234", alias = "alias/logs" },
    ]
  }

  assert {
    condition = jsonencode([for pattern in values(output.evidence_patterns) : [pattern.source, pattern.detail.eventSource, pattern.detail.requestParameters]]) == jsonencode([
      [["aws.s3"], ["s3.amazonaws.com"], { bucketName = ["logs", { exists = false }] }],
      [["aws.kms"], ["kms.amazonaws.com"], { keyId = ["arn:aws:kms:eu-central-1:123456789012:key/1234", "1234", { exists = false }] }],
    ])
    error_message = "Calls about others must stay out, those without parameters must come in."
  }
  assert {
    condition     = alltrue([for pattern in values(output.evidence_patterns) : length(jsonencode(pattern)) < 1800])
    error_message = "EventBridge takes 2048 characters, account and region included."
  }
  assert {
    condition     = alltrue([for call in ["DeleteBucketPolicy", "PutBucketLifecycle", "PutBucketVersioning", "DeleteBucket"] : contains(output.evidence_patterns.log_bucket.detail.eventName, call)]) && alltrue([for call in ["DisableKey", "ScheduleKeyDeletion", "PutKeyPolicy"] : contains(output.evidence_patterns.log_key.detail.eventName, call)])
    error_message = "The calls that blind a trail must be among them."
  }
}

run "what_the_responder_leans_on_by_name_or_without_any" {
  command = apply

  variables {
    responder = {
      name      = "trailkeeper-of-a-long-name"
      functions = "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:"
      topic = {
        arn     = "arn:aws-us-gov:sns:us-gov-west-1:123456789012:trailkeeper-of-a-long-name-alerts"
        key_arn = "arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/4c5d6e7f-0a1b-4c2d-8e3f-5a6b7c8d9e0f"
      }
    }
  }

  assert {
    condition     = alltrue([for pattern in values(output.part_patterns) : length(jsonencode(merge({ account = ["123456789012"], region = ["us-gov-west-1"] }, pattern))) <= 2048])
    error_message = "EventBridge takes 2048 characters, account and region included."
  }
  assert {
    condition     = output.part_patterns.role.region == ["us-gov-west-1"] && jsonencode(output.part_patterns.role.detail.requestParameters) == jsonencode({ roleName = [{ prefix = "trailkeeper-of-a-long-name-" }, { exists = false }] })
    error_message = "IAM's calls about the roles must come in from where they are recorded."
  }
  assert {
    condition     = contains([for choice in output.part_patterns.support.detail["$or"] : jsonencode(choice.requestParameters)], jsonencode({ topicArn = ["arn:aws-us-gov:sns:us-gov-west-1:123456789012:trailkeeper-of-a-long-name-alerts"] })) && length([for choice in output.part_patterns.support.detail["$or"] : choice if !can(choice.requestParameters)]) == 0
    error_message = "Calls about what others have must stay out."
  }
  assert {
    condition = alltrue([for name in ["/aws/lambda/trailkeeper-of-a-long-name-responder", "/aws/lambda/trailkeeper-of-a-long-name-responder-understudy"] : anytrue([
      for choice in output.part_patterns.support.detail["$or"] : startswith(name, choice.requestParameters.logGroupName[0].prefix) if can(choice.requestParameters.logGroupName[0].prefix)
    ])])
    error_message = "Calls about the log group of either function must come in."
  }
  assert {
    condition     = contains([for choice in output.part_patterns.support.detail["$or"] : jsonencode(choice.requestParameters)], jsonencode({ name = ["trailkeeper-of-a-long-name-alerts"] }))
    error_message = "Who makes the topic again names no ARN, and must come in."
  }
  assert {
    condition     = jsonencode([output.part_patterns.topic_key.source, output.part_patterns.topic_key.detail.requestParameters]) == jsonencode([["aws.kms"], { keyId = ["arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/4c5d6e7f-0a1b-4c2d-8e3f-5a6b7c8d9e0f", "4c5d6e7f-0a1b-4c2d-8e3f-5a6b7c8d9e0f", { exists = false }] }]) && length(output.evidence_patterns) == 0
    error_message = "Calls about the topic's key must come in by its ARN and its id."
  }
}
