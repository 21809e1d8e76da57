# What is refused. Plans against a mocked provider: no account, no emulator.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  plan_subjects  = ["repo:example/infrastructure:pull_request"]
  apply_subjects = ["repo:example/infrastructure:environment:production"]
}

run "wildcard_over_repositories_is_refused" {
  command = plan

  variables {
    apply_subjects = ["repo:example/*:environment:production"]
  }

  expect_failures = [var.apply_subjects]
}

run "question_mark_is_refused" {
  command = plan

  variables {
    plan_subjects = ["repo:example/infrastructure?:pull_request"]
  }

  expect_failures = [var.plan_subjects]
}

run "subject_without_anything_after_the_repository_is_refused" {
  command = plan

  variables {
    plan_subjects = ["repo:example/infrastructure"]
  }

  expect_failures = [var.plan_subjects]
}

run "apply_from_a_pull_request_is_refused" {
  command = plan

  variables {
    apply_subjects = ["repo:example/infrastructure:pull_request"]
    plan_subjects  = ["repo:example/infrastructure:ref:refs/heads/main"]
  }

  expect_failures = [var.apply_subjects]
}

run "apply_from_a_branch_is_refused" {
  command = plan

  variables {
    apply_subjects = ["repo:example/infrastructure:ref:refs/heads/main"]
  }

  expect_failures = [var.apply_subjects]
}

run "the_same_subject_for_both_is_refused" {
  command = plan

  variables {
    plan_subjects = ["repo:example/infrastructure:environment:production"]
  }

  expect_failures = [var.apply_subjects]
}

run "nobody_is_refused" {
  command = plan

  variables {
    plan_subjects = []
  }

  expect_failures = [var.plan_subjects]
}

run "provider_of_another_issuer_is_refused" {
  command = plan

  variables {
    existing_provider_arn = "arn:aws:iam::123456789012:oidc-provider/gitlab.com"
  }

  expect_failures = [var.existing_provider_arn]
}

run "plain_http_is_refused" {
  command = plan

  variables {
    provider_url = "http://token.actions.githubusercontent.com"
  }

  expect_failures = [var.provider_url]
}

run "wildcard_audience_is_refused" {
  command = plan

  variables {
    audience = "*"
  }

  expect_failures = [var.audience]
}

run "drill_by_a_pull_request_is_refused" {
  command = plan

  variables {
    drill = { subjects = ["repo:example/infrastructure:pull_request"], trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"] }
  }

  expect_failures = [var.drill]
}

run "drill_on_every_trail_is_refused" {
  command = plan

  variables {
    drill = { subjects = ["repo:example/infrastructure:environment:drill"], trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/*"] }
  }

  expect_failures = [var.drill]
}

run "drill_on_every_topic_is_refused" {
  command = plan

  variables {
    drill = {
      subjects   = ["repo:example/infrastructure:environment:drill"]
      trail_arns = ["arn:aws:cloudtrail:eu-central-1:123456789012:trail/trailkeeper"]
      topic_arn  = "arn:aws:sns:eu-central-1:123456789012:*"
    }
  }

  expect_failures = [var.drill]
}

run "state_below_the_prefix_is_refused" {
  command = plan

  variables {
    state = { bucket = "trailkeeper-state", keys = ["a.tfstate"] }
  }

  expect_failures = [var.state]
}

run "state_with_a_wildcard_is_refused" {
  command = plan

  variables {
    state = { bucket = "example-state", keys = ["*"] }
  }

  expect_failures = [var.state]
}

run "any_trail" {
  command = plan

  variables {
    guarded_trail_arns = ["arn:aws:cloudtrail:*:*:trail/*"]
  }

  expect_failures = [var.guarded_trail_arns]
}

run "any_topic" {
  command = plan

  variables {
    topic_arns = ["arn:aws:sns:eu-central-1:123456789012:*"]
  }

  expect_failures = [var.topic_arns]
}
