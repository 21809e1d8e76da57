# Inputs that are refused before anything is planned.

mock_provider "aws" {
  source          = "./tests/mocks"
  override_during = plan
}

variables {
  hub = {
    role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
    bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
    external_id     = "0123456789abcdef"
    organization_id = "o-exampleorgid"
  }
  baselines = [{
    trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
    parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
    parameter_path   = "/trailkeeper/trailkeeper/audit"
    can_be_recreated = false
    guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
  }]
}

run "root_of_the_hubs_account" {
  command = plan

  variables {
    hub = {
      role_arn        = "arn:aws:iam::999988887777:root"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "0123456789abcdef"
      organization_id = "o-exampleorgid"
    }
  }

  expect_failures = [var.hub]
}

run "any_role_of_the_hubs_account" {
  command = plan

  variables {
    hub = {
      role_arn        = "arn:aws:iam::999988887777:role/*"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "0123456789abcdef"
      organization_id = "o-exampleorgid"
    }
  }

  expect_failures = [var.hub]
}

run "short_external_id" {
  command = plan

  variables {
    hub = {
      role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "guessed"
      organization_id = "o-exampleorgid"
    }
  }

  expect_failures = [var.hub]
}

run "organization_id_with_a_wildcard" {
  command = plan

  variables {
    hub = {
      role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "0123456789abcdef"
      organization_id = "o-*"
    }
  }

  expect_failures = [var.hub]
}

run "no_trail" {
  command = plan

  variables {
    baselines = []
  }

  expect_failures = [var.baselines]
}

run "any_account" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:*:trail/audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [var.baselines]
}

run "unknown_mode" {
  command = plan

  variables {
    mode = "watch"
  }

  expect_failures = [var.mode]
}
