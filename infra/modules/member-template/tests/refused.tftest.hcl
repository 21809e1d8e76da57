# What would fail in every account is refused here.

variables {
  hub = {
    role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
    bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
    external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
    organization_id = "o-a1b2c3d4e5"
  }
  baselines = [{
    trail_arn        = "arn:aws:cloudtrail:eu-central-1:{account}:trail/audit"
    parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
    parameter_path   = "/trailkeeper/trailkeeper/audit"
    can_be_recreated = false
    guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
  }]
}

run "name" {
  command         = plan
  expect_failures = [var.name]

  variables {
    name = "Trailkeeper"
  }
}

run "any_role_of_the_hubs_account" {
  command         = plan
  expect_failures = [var.hub]

  variables {
    hub = {
      role_arn        = "arn:aws:iam::999988887777:root"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "2f1e4c0a-8a57-4d55-9b1e-5a4a0c3f7d11"
      organization_id = "o-a1b2c3d4e5"
    }
  }
}

run "external_id_that_can_be_guessed" {
  command         = plan
  expect_failures = [var.hub]

  variables {
    hub = {
      role_arn        = "arn:aws:iam::999988887777:role/trailkeeper-responder"
      bus_arn         = "arn:aws:events:eu-central-1:999988887777:event-bus/trailkeeper"
      external_id     = "trailkeeper"
      organization_id = "o-a1b2c3d4e5"
    }
  }
}

run "trail_by_name" {
  command         = plan
  expect_failures = [var.baselines]

  variables {
    baselines = [{
      trail_arn        = "audit"
      parameter_name   = "/trailkeeper/trailkeeper/audit/1111"
      parameter_path   = "/trailkeeper/trailkeeper/audit"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }
}

run "mode" {
  command         = plan
  expect_failures = [var.mode]

  variables {
    mode = "off"
  }
}

run "excluded_account" {
  command         = plan
  expect_failures = [var.excluded_accounts]

  variables {
    excluded_accounts = ["o-a1b2c3d4e5"]
  }
}

run "too_many_excluded_accounts" {
  command         = plan
  expect_failures = [var.excluded_accounts]

  variables {
    excluded_accounts = [for n in range(151) : format("%012d", n)]
  }
}

run "responder_of_another_architecture" {
  command         = plan
  expect_failures = [var.responder]

  variables {
    responder = { package_bucket = "b", package_key = "k", architecture = "riscv", topic_arn = "t", topic_kms_key_arn = "k", documents = { "/trailkeeper/trailkeeper/audit/1111" = "{}" } }
  }
}

run "responder_without_a_trail_in_every_account" {
  command         = plan
  expect_failures = [var.responder]

  variables {
    baselines = []
    responder = { package_bucket = "b", package_key = "k", architecture = "arm64", topic_arn = "t", topic_kms_key_arn = "k", documents = {} }
  }
}

run "responder_without_the_document" {
  command         = plan
  expect_failures = [var.responder]

  variables {
    responder = { package_bucket = "b", package_key = "k", architecture = "arm64", topic_arn = "t", topic_kms_key_arn = "k", documents = {} }
  }
}

run "document_that_cloudformation_would_resolve" {
  command         = plan
  expect_failures = [var.responder]

  variables {
    responder = { package_bucket = "b", package_key = "k", architecture = "arm64", topic_arn = "t", topic_kms_key_arn = "k", documents = { "/trailkeeper/trailkeeper/audit/1111" = "{{resolve:ssm:secret}}" } }
  }
}

run "template_too_big" {
  command         = plan
  expect_failures = [output.body]

  variables {
    responder = { package_bucket = "b", package_key = "k", architecture = "arm64", topic_arn = "t", topic_kms_key_arn = "k", documents = { "/trailkeeper/trailkeeper/audit/1111" = join("", [for n in range(1000) : "0123456789012345678901234567890123456789"]) } }
  }
}
