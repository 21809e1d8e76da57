# What AWS would refuse, or would not do what it looks like.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  package         = "main.tf"
  organization_id = "o-a1b2c3d4e5"
  external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
  member_trails   = { "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit" = {} }
}

run "name" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Trail Keeper"
  }
}

run "package_that_is_not_there" {
  command         = plan
  expect_failures = [var.package]

  variables {
    package = "no-such-file.zip"
  }
}

run "root_for_organization" {
  command         = plan
  expect_failures = [var.organization_id]

  variables {
    organization_id = "r-abcd"
  }
}

run "external_id_too_short" {
  command         = plan
  expect_failures = [var.external_id]

  variables {
    external_id = "trailkeeper"
  }
}

run "external_id_that_repeats" {
  command         = plan
  expect_failures = [var.external_id]

  variables {
    external_id = "aaaaaaaaaaaaaaaaaaaa"
  }
}

run "no_trail" {
  command         = plan
  expect_failures = [var.member_trails]

  variables {
    member_trails = {}
  }
}

run "trail_with_a_wildcard" {
  command         = plan
  expect_failures = [var.member_trails]

  variables {
    member_trails = { "arn:aws:cloudtrail:eu-central-1:*:trail/audit" = {} }
  }
}

run "stack_sets_without_a_unit" {
  command         = plan
  expect_failures = [var.stack_sets]

  variables {
    stack_sets = { organizational_unit_ids = [] }
  }
}

run "stack_sets_for_an_account" {
  command         = plan
  expect_failures = [var.stack_sets]

  variables {
    stack_sets = { organizational_unit_ids = ["111122223333"] }
  }
}

run "unit_twice" {
  command         = plan
  expect_failures = [var.stack_sets]

  variables {
    stack_sets = { organizational_unit_ids = ["ou-abcd-11111111", "ou-abcd-11111111"] }
  }
}

run "root_and_a_unit" {
  command         = plan
  expect_failures = [var.stack_sets]

  variables {
    stack_sets = { organizational_unit_ids = ["r-abcd", "ou-abcd-11111111"] }
  }
}

run "call_as" {
  command         = plan
  expect_failures = [var.stack_sets]

  variables {
    stack_sets = { organizational_unit_ids = ["r-abcd"], call_as = "ADMIN" }
  }
}

run "responder_only_for_single_accounts" {
  command         = plan
  expect_failures = [var.stack_sets]

  variables {
    member_trails = { "arn:aws:cloudtrail:eu-central-1:111122223333:trail/audit" = {} }
    stack_sets    = { organizational_unit_ids = ["r-abcd"], member_responder = true }
  }
}

run "excluded_account" {
  command         = plan
  expect_failures = [var.excluded_accounts]

  variables {
    excluded_accounts = ["ou-abcd-11111111"]
  }
}
