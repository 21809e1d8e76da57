# The same as the module forwarding makes. Names are fixed so that policies can
# name things before they exist, here and in the organisation's own policies.
locals {
  forwarding_rule  = "${var.name}-forwarding"
  forwarding_queue = "${var.name}-forwarding-dead-letters"
  # IAM is one for all regions, so the region is part of the name.
  forwarding_role = "${var.name}-forwarding-$${AWS::Region}"

  forwarding_rule_arn = { "Fn::Sub" = "arn:$${AWS::Partition}:events:$${AWS::Region}:$${AWS::AccountId}:rule/${local.forwarding_rule}" }

  forwarding_resources = {
    ForwardingRule = {
      Type      = "AWS::Events::Rule"
      DependsOn = ["ForwardingQueuePolicy"]
      Properties = {
        Name        = local.forwarding_rule
        Description = "Sends what changes a trail of this account and region to the security account"
        State       = "ENABLED"
        # Of this account and region only: whatever else may be on this bus is not for the hub.
        EventPattern = merge(module.event_pattern.pattern, {
          account = [{ Ref = "AWS::AccountId" }]
          region  = [{ Ref = "AWS::Region" }]
        })
        Targets = [{
          Id      = "Hub"
          Arn     = var.hub.bus_arn
          RoleArn = { "Fn::GetAtt" = ["ForwardingRole", "Arn"] }
          # A late restoration is better than none: use all the time EventBridge has.
          RetryPolicy      = { MaximumEventAgeInSeconds = 86400, MaximumRetryAttempts = 185 }
          DeadLetterConfig = { Arn = { "Fn::GetAtt" = ["ForwardingQueue", "Arn"] } }
        }]
      }
    }

    ForwardingRole = {
      Type = "AWS::IAM::Role"
      Properties = {
        RoleName    = { "Fn::Sub" = local.forwarding_role }
        Description = "Lets the rule ${local.forwarding_rule} send events to the security account"
        AssumeRolePolicyDocument = {
          Version = "2012-10-17"
          Statement = [{
            Sid       = "RuleAssumesRole"
            Effect    = "Allow"
            Principal = { Service = "events.amazonaws.com" }
            Action    = "sts:AssumeRole"
            Condition = {
              StringEquals = { "aws:SourceAccount" = { Ref = "AWS::AccountId" } }
              ArnEquals    = { "aws:SourceArn" = local.forwarding_rule_arn }
            }
          }]
        }
        Policies = [{
          PolicyName = "forwarding"
          PolicyDocument = {
            Version = "2012-10-17"
            Statement = [{
              Sid      = "ForwardEvents"
              Effect   = "Allow"
              Action   = "events:PutEvents"
              Resource = var.hub.bus_arn
            }]
          }
        }]
      }
    }

    # Events that did not reach the hub, for instance because its bus is gone.
    # The hub's sweep finds what they would have told.
    ForwardingQueue = {
      Type = "AWS::SQS::Queue"
      Properties = {
        QueueName              = local.forwarding_queue
        MessageRetentionPeriod = 1209600
        # SQS's own key on purpose: the last resort must not depend on a key
        # that an attacker can disable.
        SqsManagedSseEnabled = true
      }
    }

    ForwardingQueuePolicy = {
      Type = "AWS::SQS::QueuePolicy"
      Properties = {
        Queues = [{ Ref = "ForwardingQueue" }]
        PolicyDocument = {
          Version = "2012-10-17"
          Statement = [
            {
              Sid       = "RuleSendsDeadLetters"
              Effect    = "Allow"
              Principal = { Service = "events.amazonaws.com" }
              Action    = "sqs:SendMessage"
              Resource  = { "Fn::GetAtt" = ["ForwardingQueue", "Arn"] }
              Condition = { ArnEquals = { "aws:SourceArn" = local.forwarding_rule_arn } }
            },
            {
              Sid       = "DenyInsecureTransport"
              Effect    = "Deny"
              Principal = "*"
              Action    = "sqs:*"
              Resource  = { "Fn::GetAtt" = ["ForwardingQueue", "Arn"] }
              Condition = { Bool = { "aws:SecureTransport" = "false" } }
            },
          ]
        }
      }
    }
  }
}
