# What wakes the responder in the member: a rule and a schedule. On deletion
# they go before what they wake, because they refer to it.
locals {
  trigger_resources = merge([for responder in var.responder[*] : {
    TrailChanges = {
      Type = "AWS::Events::Rule"
      # Events flow only once everything behind the rule is ready.
      DependsOn = ["Retries", "DeadLettersPolicy"]
      Properties = {
        Name        = local.rule_name
        Description = "Somebody changed, or tried to change, a trail of this account and region"
        State       = "ENABLED"
        EventPattern = merge(module.event_pattern.pattern, {
          account = [{ Ref = "AWS::AccountId" }]
          region  = [{ Ref = "AWS::Region" }]
        })
        Targets = [{
          Id               = "Responder"
          Arn              = { "Fn::GetAtt" = ["Function", "Arn"] }
          RetryPolicy      = { MaximumEventAgeInSeconds = 86400, MaximumRetryAttempts = 185 }
          DeadLetterConfig = { Arn = { "Fn::GetAtt" = ["DeadLetters", "Arn"] } }
        }]
      }
    }

    RulePermission = {
      Type = "AWS::Lambda::Permission"
      Properties = {
        FunctionName = { Ref = "Function" }
        Action       = "lambda:InvokeFunction"
        Principal    = "events.amazonaws.com"
        SourceArn    = local.rule_arn
      }
    }

    # Events that neither EventBridge nor Lambda could have handled.
    DeadLetters = {
      Type = "AWS::SQS::Queue"
      Properties = {
        QueueName              = local.queue_name
        MessageRetentionPeriod = 1209600
        SqsManagedSseEnabled   = true
      }
    }

    DeadLettersPolicy = {
      Type = "AWS::SQS::QueuePolicy"
      Properties = {
        Queues = [{ Ref = "DeadLetters" }]
        PolicyDocument = {
          Version = "2012-10-17"
          Statement = [
            {
              Sid       = "RuleSendsDeadLetters"
              Effect    = "Allow"
              Principal = { Service = "events.amazonaws.com" }
              Action    = "sqs:SendMessage"
              Resource  = local.queue_arn
              Condition = { ArnEquals = { "aws:SourceArn" = local.rule_arn } }
            },
            {
              Sid       = "DenyInsecureTransport"
              Effect    = "Deny"
              Principal = "*"
              Action    = "sqs:*"
              Resource  = local.queue_arn
              Condition = { Bool = { "aws:SecureTransport" = "false" } }
            },
          ]
        }
      }
    }

    SweepRole = {
      Type = "AWS::IAM::Role"
      Properties = {
        RoleName    = local.schedule_name
        Description = "Lets the schedule ${local.schedule_name} invoke the Trailkeeper responder"
        # The source must be the group: Scheduler does not name the schedule.
        # https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html
        AssumeRolePolicyDocument = {
          Version = "2012-10-17"
          Statement = [{
            Sid       = "SchedulerAssumesRole"
            Effect    = "Allow"
            Principal = { Service = "scheduler.amazonaws.com" }
            Action    = "sts:AssumeRole"
            Condition = {
              StringEquals = {
                "aws:SourceAccount" = { Ref = "AWS::AccountId" }
                "aws:SourceArn"     = { "Fn::Sub" = "arn:$${AWS::Partition}:scheduler:${local.here}:schedule-group/${var.name}" }
              }
            }
          }]
        }
        Policies = [{
          PolicyName = "sweep"
          PolicyDocument = {
            Version = "2012-10-17"
            Statement = [
              {
                Sid      = "InvokeResponder"
                Effect   = "Allow"
                Action   = "lambda:InvokeFunction"
                Resource = local.function_arn
              },
              {
                # Scheduler sends what it could not deliver with the role's permissions.
                Sid      = "SendDeadLetters"
                Effect   = "Allow"
                Action   = "sqs:SendMessage"
                Resource = local.queue_arn
              },
            ]
          }
        }]
      }
    }

    ScheduleGroup = {
      Type       = "AWS::Scheduler::ScheduleGroup"
      Properties = { Name = var.name }
    }

    # Events are delivered at best effort, and not at all while no trail logs.
    # The sweep finds what no event told of.
    Sweep = {
      Type      = "AWS::Scheduler::Schedule"
      DependsOn = ["Retries"]
      Properties = {
        Name               = local.schedule_name
        GroupName          = { Ref = "ScheduleGroup" }
        Description        = "Compares every protected trail with its baseline"
        ScheduleExpression = responder.sweep_interval_minutes == 1 ? "rate(1 minute)" : "rate(${responder.sweep_interval_minutes} minutes)"
        FlexibleTimeWindow = { Mode = "OFF" }
        Target = {
          Arn     = { "Fn::GetAtt" = ["Function", "Arn"] }
          RoleArn = { "Fn::GetAtt" = ["SweepRole", "Arn"] }
          Input   = jsonencode({ trailkeeper = "sweep" })
          # Later than that the next sweep does the same.
          RetryPolicy      = { MaximumEventAgeInSeconds = responder.sweep_interval_minutes * 60, MaximumRetryAttempts = 185 }
          DeadLetterConfig = { Arn = { "Fn::GetAtt" = ["DeadLetters", "Arn"] } }
        }
      }
    }
  }]...)
}
