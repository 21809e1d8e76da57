# What a member's stack holds. No provider, no resources: only text.

variables {
  hub = {
    role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
    bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
    external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
    organization_id = "o-a1b2c3d4e5"
  }
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
      parameter_name            = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path            = "/trailkeeper/trailkeeper/audit"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::{account}:role/copy"
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/extra"
      parameter_name   = "/trailkeeper/trailkeeper/extra/2222"
      parameter_path   = "/trailkeeper/trailkeeper/extra"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
}

run "hub_alone" {
  command = plan

  assert {
    condition = output.resource_types == {
      ForwardingRule                = "AWS::Events::Rule"
      ForwardingRole                = "AWS::IAM::Role"
      ForwardingQueue               = "AWS::SQS::Queue"
      ForwardingQueuePolicy         = "AWS::SQS::QueuePolicy"
      RemediationRole               = "AWS::IAM::Role"
      RemediationPolicy111122223333 = "AWS::IAM::Policy"
    }
    error_message = "Without a responder of its own a member gets a role for the hub and a rule."
  }
  assert {
    condition = jsondecode(output.body).Resources.RemediationRole.Properties.AssumeRolePolicyDocument == {
      Version = "2012-10-17"
      Statement = [{
        Sid       = "HubAssumesRole"
        Effect    = "Allow"
        Principal = { AWS = "arn:aws:iam::999988887777:root" }
        Action    = "sts:AssumeRole"
        Condition = {
          ArnEquals    = { "aws:PrincipalArn" = "arn:aws:iam::999988887777:role/trailkeeper-responder" }
          StringEquals = { "sts:ExternalId" = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11", "aws:PrincipalOrgID" = "o-a1b2c3d4e5" }
        }
      }]
    }
    error_message = "Exactly the hub's role may assume the role, with the external id, and only from within the organisation."
  }
  assert {
    condition = (
      jsondecode(output.body).Resources.RemediationRole.Properties.RoleName == "trailkeeper-remediation"
      && jsondecode(output.body).Resources.RemediationRole.Properties.MaxSessionDuration == 3600
    )
    error_message = "The hub looks for this name, and its sessions are short."
  }
  assert {
    condition = [for s in jsondecode(output.body).Resources.RemediationRole.Properties.Policies[0].PolicyDocument.Statement : s.Resource if s.Sid == "RestoreTrails"] == [
      [{ "Fn::Sub" = "arn:$${AWS::Partition}:cloudtrail:eu-central-1:$${AWS::AccountId}:trail/audit" }]
    ]
    error_message = "The role heals the trail of its own account and no other."
  }
  assert {
    condition = [for s in jsondecode(output.body).Resources.RemediationRole.Properties.Policies[0].PolicyDocument.Statement : s.Resource if s.Sid == "PassLogsRole"] == [
      [{ "Fn::Sub" = "arn:$${AWS::Partition}:iam::$${AWS::AccountId}:role/copy" }]
    ]
    error_message = "The role that writes the copy is one of the same account."
  }
  assert {
    condition = join(",", distinct(flatten([
      for id, r in jsondecode(output.body).Resources : [
        for p in try(r.Properties.Policies, []) : [for s in p.PolicyDocument.Statement : s.Sid if contains(flatten([s.Resource]), "*")]
      ]
    ]))) == "AttributeChanges"
    error_message = "Only the event history has no ARN to name."
  }
  assert {
    condition = (
      jsondecode(output.body).Resources.RemediationPolicy111122223333.Condition == "Account111122223333"
      && [for s in jsondecode(output.body).Resources.RemediationPolicy111122223333.Properties.PolicyDocument.Statement : s.Resource if s.Sid == "RestoreTrails"] == [
        [{ "Fn::Sub" = "arn:$${AWS::Partition}:cloudtrail:eu-central-1:111122223333:trail/extra" }]
      ]
    )
    error_message = "A trail of one account is healed in that account only."
  }
}

run "forwarding" {
  command = plan

  assert {
    condition = (
      jsondecode(output.body).Resources.ForwardingRule.Properties.EventPattern.account == [{ Ref = "AWS::AccountId" }]
      && jsondecode(output.body).Resources.ForwardingRule.Properties.EventPattern.region == [{ Ref = "AWS::Region" }]
      && contains(jsondecode(output.body).Resources.ForwardingRule.Properties.EventPattern.detail.eventName, "StopLogging")
    )
    error_message = "What changes a trail of this account and region is forwarded."
  }
  assert {
    condition = one(jsondecode(output.body).Resources.ForwardingRule.Properties.Targets) == {
      Id               = "Hub"
      Arn              = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      RoleArn          = { "Fn::GetAtt" = ["ForwardingRole", "Arn"] }
      RetryPolicy      = { MaximumEventAgeInSeconds = 86400, MaximumRetryAttempts = 185 }
      DeadLetterConfig = { Arn = { "Fn::GetAtt" = ["ForwardingQueue", "Arn"] } }
    }
    error_message = "The rule sends to the hub's bus with its role, and keeps what does not arrive."
  }
  assert {
    condition     = jsondecode(output.body).Resources.ForwardingRole.Properties.RoleName == { "Fn::Sub" = "trailkeeper-forwarding-$${AWS::Region}" }
    error_message = "The bus policy lets roles of this name in, and two regions need two."
  }
  assert {
    condition     = [for s in jsondecode(output.body).Resources.ForwardingRole.Properties.Policies[0].PolicyDocument.Statement : [s.Action, s.Resource]] == [["events:PutEvents", "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"]]
    error_message = "The role sends to the hub's bus and does nothing else."
  }
}

run "left_alone" {
  command = plan

  variables {
    excluded_accounts = ["444455556666", "999988887777", "777788889999"]
  }

  assert {
    condition = { for name, test in jsondecode(output.body).Conditions : name => test if !startswith(name, "Account") } == {
      Excluded0 = { "Fn::Equals" = [{ Ref = "AWS::AccountId" }, "999988887777"] }
      Excluded1 = { "Fn::Or" = [{ Condition = "Excluded0" }, { "Fn::Equals" = [{ Ref = "AWS::AccountId" }, "444455556666"] }] }
      Excluded2 = { "Fn::Or" = [{ Condition = "Excluded1" }, { "Fn::Equals" = [{ Ref = "AWS::AccountId" }, "777788889999"] }] }
      Covered   = { "Fn::Not" = [{ Condition = "Excluded2" }] }
    }
    error_message = "The hub's own account and the excluded ones stay empty."
  }
  assert {
    condition     = alltrue([for id, r in jsondecode(output.body).Resources : r.Condition == "Covered" || startswith(r.Condition, "Account")])
    error_message = "Nothing is made without a condition."
  }
  assert {
    condition     = alltrue([for id, r in jsondecode(output.body).Resources : r.DeletionPolicy == "Delete" && r.UpdateReplacePolicy == "Delete"])
    error_message = "Nothing is left behind in an account that leaves."
  }
}

run "only_forwarding" {
  command = plan

  variables {
    baselines = []
  }

  assert {
    condition     = keys(output.resource_types) == ["ForwardingQueue", "ForwardingQueuePolicy", "ForwardingRole", "ForwardingRule"]
    error_message = "Without trails the stack only forwards."
  }
}

run "observe_gets_no_permission_to_heal" {
  command = plan

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(output.body).Resources.RemediationRole.Properties.Policies[0].PolicyDocument.Statement : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "observe must only look."
  }
}

run "trails_of_single_accounts_alone" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/extra"
      parameter_name   = "/trailkeeper/trailkeeper/extra/2222"
      parameter_path   = "/trailkeeper/trailkeeper/extra"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition     = !can(jsondecode(output.body).Resources.RemediationRole.Properties.Policies) && can(jsondecode(output.body).Resources.RemediationPolicy111122223333)
    error_message = "Elsewhere the role allows nothing."
  }
}

run "china" {
  command = plan

  variables {
    hub = {
      role_arn        = "arn:aws-cn:iam::999988887777:role/trailkeeper-responder"
      bus_arn         = "arn:aws-cn:events:cn-north-1:999988887777:event-bus/trailkeeper"
      external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
      organization_id = "o-a1b2c3d4e5"
    }
    baselines = [{
      trail_arn        = "arn:aws-cn:cloudtrail:cn-north-1:{account}:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition     = !strcontains(output.body, "arn:aws:") && strcontains(output.body, "arn:$${AWS::Partition}:cloudtrail:cn-north-1:$${AWS::AccountId}:trail/audit")
    error_message = "The partition is the stack's own."
  }
}
