# Findings for Security Hub are wanted or not. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  guard_responder = false
  # Any file does: a plan reads only its hash.
  package = "main.tf"
  baselines = [
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
    },
  ]
  topic_arn = "arn:aws:sns:eu-central-1:123456789012:alerts"
}

run "without_it_there_is_no_permission" {
  command = plan

  assert {
    condition     = !strcontains(aws_iam_role_policy.responder.policy, "securityhub")
    error_message = "Who wants no findings must not permit any."
  }
  assert {
    condition     = !contains(keys(aws_lambda_function.responder.environment[0].variables), "TRAILKEEPER_SECURITY_HUB")
    error_message = "Who wants no findings must not have the function asked for any."
  }
}

run "with_it_the_accounts_own_product_may_be_told" {
  command = plan

  variables {
    security_hub = true
  }

  assert {
    condition = [for s in jsondecode(aws_iam_role_policy.responder.policy).Statement : s if strcontains(jsonencode(s.Action), "securityhub")] == [{
      Sid      = "ReportFindings"
      Effect   = "Allow"
      Action   = "securityhub:BatchImportFindings"
      Resource = "arn:aws:securityhub:eu-central-1:123456789012:product/123456789012/default"
    }]
    error_message = "Findings go to the default product of this account and region, and nowhere else."
  }
  assert {
    condition     = aws_lambda_function.responder.environment[0].variables["TRAILKEEPER_SECURITY_HUB"] == "true"
    error_message = "The function must be told."
  }
}
