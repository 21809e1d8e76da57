# A responder of its own in every member.

variables {
  hub = {
    role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
    bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
    external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
    organization_id = "o-a1b2c3d4e5"
  }
  baselines = [
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = true
      guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/extra"
      parameter_name   = "/trailkeeper/trailkeeper/extra/2222"
      parameter_path   = "/trailkeeper/trailkeeper/extra"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
  responder = {
    package_bucket    = "trailkeeper-packages-999988887777-eu-central-1"
    package_key       = "arm64/abcd.zip"
    architecture      = "arm64"
    topic_arn         = "arn:aws:sns:eu-central-1:999988887777:trailkeeper-alerts"
    topic_kms_key_arn = "arn:aws:kms:eu-central-1:999988887777:key/topic"
    documents         = { "/trailkeeper/trailkeeper/audit/1111" = "{\"trail_arn\":\"arn:aws:cloudtrail:eu-central-1:{account}:trail/audit\"}" }
  }
}

run "function" {
  command = plan

  assert {
    condition = jsondecode(output.body).Resources.Function.Properties.Environment.Variables == {
      TRAILKEEPER_TRAILS          = { "Fn::Sub" = "arn:$${AWS::Partition}:cloudtrail:eu-central-1:$${AWS::AccountId}:trail/audit=/trailkeeper/trailkeeper/audit/1111" }
      TRAILKEEPER_TOPIC_ARN       = "arn:aws:sns:eu-central-1:999988887777:trailkeeper-alerts"
      TRAILKEEPER_MODE            = "enforce"
      TRAILKEEPER_ROLE_ARN        = { "Fn::GetAtt" = ["ResponderRole", "Arn"] }
      TRAILKEEPER_INCIDENTS_TABLE = { Ref = "Incidents" }
      TRAILKEEPER_PEER_ROLES      = { "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:role/trailkeeper-remediation" }
    }
    error_message = "The function guards this account's trail, and knows the hub's role."
  }
  assert {
    condition     = jsondecode(output.body).Resources.Function.Properties.Code == { S3Bucket = "trailkeeper-packages-999988887777-eu-central-1", S3Key = "arm64/abcd.zip" }
    error_message = "The package comes from the hub's bucket."
  }
  assert {
    condition = (
      jsondecode(output.body).Resources.Function.Properties.Runtime == "provided.al2023"
      && jsondecode(output.body).Resources.Function.Properties.Handler == "bootstrap"
      && jsondecode(output.body).Resources.Function.Properties.Architectures == ["arm64"]
      && jsondecode(output.body).Resources.Function.Properties.Timeout == 60
    )
    error_message = "The package is a bootstrap binary for provided.al2023."
  }
  assert {
    condition     = [for id, type in output.resource_types : jsondecode(output.body).Resources[id].Properties.Value if type == "AWS::SSM::Parameter"] == ["{\"trail_arn\":\"arn:aws:cloudtrail:eu-central-1:{account}:trail/audit\"}"]
    error_message = "The document is the one that was hashed, with {account}; trails of single accounts are the hub's."
  }
  assert {
    condition     = !contains(keys(jsondecode(output.body).Resources.Function.Properties), "ReservedConcurrentExecutions")
    error_message = "New accounts have no concurrency to reserve."
  }
}

run "permissions" {
  command = plan

  assert {
    condition = [for s in jsondecode(output.body).Resources.ResponderRole.Properties.Policies[0].PolicyDocument.Statement : s.Sid] == [
      "RestoreTrails", "ReconcileSettings", "ReconcileEventSelectors", "ReconcileInsightSelectors", "ReconcileTags", "RecreateTrails",
      "VerifyTrails", "AttributeChanges", "ReadBaselines", "RememberIncidents", "PublishNotices", "EncryptNotices", "WriteLogs", "SendDeadLetters",
    ]
    error_message = "The role has a statement for each purpose and no other."
  }
  assert {
    condition     = [for s in jsondecode(output.body).Resources.ResponderRole.Properties.Policies[0].PolicyDocument.Statement : s.Sid if contains(flatten([s.Resource]), "*")] == ["AttributeChanges"]
    error_message = "Only the event history has no ARN to name."
  }
  assert {
    condition     = jsondecode(output.body).Resources.ResponderRole.Properties.AssumeRolePolicyDocument.Statement == [{ Sid = "LambdaAssumesRole", Effect = "Allow", Principal = { Service = "lambda.amazonaws.com" }, Action = "sts:AssumeRole" }]
    error_message = "Only Lambda assumes the function's role."
  }
  assert {
    condition     = jsondecode(output.body).Resources.RulePermission.Properties.SourceArn == { "Fn::Sub" = "arn:$${AWS::Partition}:events:$${AWS::Region}:$${AWS::AccountId}:rule/trailkeeper-trail-changes" }
    error_message = "One rule may invoke the function."
  }
  assert {
    condition = [for s in jsondecode(output.body).Resources.Incidents.Properties.ResourcePolicy.PolicyDocument.Statement : [s.Effect, s.Principal, s.Condition]] == [
      ["Deny", "*", { ArnNotEquals = { "aws:PrincipalArn" = { "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:role/trailkeeper-responder" } } }]
    ]
    error_message = "Nobody but the function may write to the table: an entry silences a notice."
  }
}

run "triggers" {
  command = plan

  assert {
    condition = (
      jsondecode(output.body).Resources.Sweep.Properties.ScheduleExpression == "rate(5 minutes)"
      && jsondecode(output.body).Resources.Sweep.Properties.Target.Input == jsonencode({ trailkeeper = "sweep" })
    )
    error_message = "The sweep finds what no event told of."
  }
  assert {
    condition     = jsondecode(output.body).Resources.Retries.Properties.MaximumEventAgeInSeconds == 21600 && jsondecode(output.body).Resources.Retries.Properties.MaximumRetryAttempts == 2
    error_message = "Failed events are tried again and then kept."
  }
  assert {
    condition = alltrue([
      for id, type in output.resource_types : jsondecode(output.body).Resources[id].Properties.AlarmActions == ["arn:aws:sns:eu-central-1:999988887777:trailkeeper-alerts"]
      if type == "AWS::CloudWatch::Alarm"
    ]) && length([for type in values(output.resource_types) : type if type == "AWS::CloudWatch::Alarm"]) == 10
    error_message = "Every alarm notifies the security account."
  }
}

run "options" {
  command = plan

  variables {
    responder = {
      package_bucket         = "packages"
      package_key            = "x86_64/abcd.zip"
      architecture           = "x86_64"
      topic_arn              = "arn:aws:sns:eu-central-1:999988887777:trailkeeper-alerts"
      topic_kms_key_arn      = "arn:aws:kms:eu-central-1:999988887777:key/topic"
      documents              = { "/trailkeeper/trailkeeper/audit/1111" = "{}" }
      change_principals      = ["arn:aws:iam::{account}:role/pipeline", "arn:aws:iam::{account}:role/pipeline"]
      sweep_interval_minutes = 1
      break_glass            = [{ principal = "arn:aws:iam::{account}:role/admin", reason = "why", expires_at = "2026-01-02T03:04:05Z" }]
    }
  }

  assert {
    condition     = jsondecode(jsondecode(output.body).Resources.Function.Properties.Environment.Variables.TRAILKEEPER_BREAK_GLASS) == [{ expires_at = "2026-01-02T03:04:05Z", principal = "arn:aws:iam::{account}:role/admin", reason = "why" }]
    error_message = "The function must know the entries."
  }

  assert {
    condition     = jsondecode(output.body).Resources.Function.Properties.Environment.Variables.TRAILKEEPER_CHANGE_PRINCIPALS == "arn:aws:iam::{account}:role/pipeline"
    error_message = "The function must know the principals, each once."
  }
  assert {
    condition     = jsondecode(output.body).Resources.Sweep.Properties.ScheduleExpression == "rate(1 minute)" && jsondecode(output.body).Resources.HeartbeatAlarm.Properties.Period == 60
    error_message = "The schedule and its alarm follow the interval."
  }
}

run "size" {
  command = plan

  assert {
    condition     = output.bytes == length(output.body) && output.bytes < 51200 * 0.6
    error_message = "The template must leave room for baselines: CloudFormation takes 51200 bytes."
  }
}
