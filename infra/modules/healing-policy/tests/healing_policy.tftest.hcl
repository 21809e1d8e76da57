# No provider, no account: the module only says something.

variables {
  baselines = [
    {
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:{account}:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = true
      guards                    = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      cloud_watch_logs_role_arn = "arn:aws:iam::{account}:role/copy"
    },
    {
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"
      parameter_name   = "/trailkeeper/trailkeeper/second/2222"
      parameter_path   = "/trailkeeper/trailkeeper/second"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    },
  ]
}

run "one_statement_per_purpose" {
  command = apply

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => [s.Effect, flatten([s.Action]), s.Resource] } == {
      RestoreTrails             = ["Allow", ["cloudtrail:StartLogging"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]]
      ReconcileSettings         = ["Allow", ["cloudtrail:UpdateTrail"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      ReconcileEventSelectors   = ["Allow", ["cloudtrail:PutEventSelectors"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      ReconcileInsightSelectors = ["Allow", ["cloudtrail:PutInsightSelectors"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      ReconcileTags             = ["Allow", ["cloudtrail:AddTags", "cloudtrail:RemoveTags"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      RecreateTrails            = ["Allow", ["cloudtrail:CreateTrail"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first"]]
      PassLogsRole              = ["Allow", ["iam:PassRole"], ["arn:aws:iam::{account}:role/copy"]]
      VerifyTrails              = ["Allow", ["cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"], ["arn:aws:cloudtrail:eu-central-1:{account}:trail/first", "arn:aws:cloudtrail:eu-central-1:123456789012:trail/second"]]
      AttributeChanges          = ["Allow", ["cloudtrail:LookupEvents"], ["*"]]
    }
    error_message = "Each statement must name the trails it is for, and keep {account}."
  }
  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => s.Condition if can(s.Condition) } == {
      PassLogsRole     = { StringEquals = { "iam:PassedToService" = "cloudtrail.amazonaws.com" } }
      AttributeChanges = { StringEquals = { "aws:RequestedRegion" = ["eu-central-1", "us-east-1"] } }
    }
    error_message = "The role is passed to CloudTrail only, and the event history is the trails' region's and that of IAM's calls."
  }
}

run "observe_has_no_permission_to_change" {
  command = apply

  variables {
    mode = "observe"
  }

  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "Observing needs to read, nothing else."
  }
}

run "without_trails_nothing_is_allowed" {
  command = apply

  variables {
    baselines = []
  }

  assert {
    condition     = length(output.statements) == 0
    error_message = "IAM refuses a statement without a resource."
  }
}

run "organisation_trails_need_organizations" {
  command = apply

  variables {
    baselines = [{
      trail_arn             = "arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/1111"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = false
      guards                = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
      is_organization_trail = true
    }]
  }

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => [flatten([s.Action]), s.Resource] } == {
      RestoreTrails          = [["cloudtrail:StartLogging"], ["arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/all"]]
      HealOrganizationTrails = [["organizations:DescribeOrganization", "organizations:ListAccounts", "organizations:ListAWSServiceAccessForOrganization"], ["*"]]
      UseCloudTrailRole      = [["iam:CreateServiceLinkedRole", "iam:GetRole"], ["arn:aws-us-gov:iam::111122223333:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"]]
      VerifyTrails           = [["cloudtrail:GetEventSelectors", "cloudtrail:GetInsightSelectors", "cloudtrail:GetTrail", "cloudtrail:GetTrailStatus", "cloudtrail:ListTags"], ["arn:aws-us-gov:cloudtrail:us-gov-west-1:111122223333:trail/all"]]
      AttributeChanges       = [["cloudtrail:LookupEvents"], ["*"]]
    }
    error_message = "What CloudTrail asks of whoever heals an organisation's trail, and no more."
  }
  assert {
    condition     = one([for s in jsondecode(jsonencode(output.statements)) : s.Condition.StringEquals["aws:RequestedRegion"] if s.Sid == "AttributeChanges"]) == "us-gov-west-1"
    error_message = "IAM's calls of GovCloud are recorded in the trail's own region here."
  }
  assert {
    condition     = !strcontains(jsonencode(output.statements), "AWSServiceAccess\"")
    error_message = "Trusted access is not the responder's to change."
  }
}

run "a_delegated_administrator_uses_its_own_accounts_role" {
  command = apply

  variables {
    account = "123456789012"
    baselines = [{
      trail_arn             = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/1111"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = false
      guards                = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      is_organization_trail = true
    }]
  }

  assert {
    condition = { for s in jsondecode(jsonencode(output.statements)) : s.Sid => s.Resource if contains(["ReconcileSettings", "UseCloudTrailRole"], s.Sid) } == {
      ReconcileSettings = ["arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"]
      UseCloudTrailRole = ["arn:aws:iam::123456789012:role/aws-service-role/cloudtrail.amazonaws.com/AWSServiceRoleForCloudTrail"]
    }
    error_message = "The trail is the management account's; the role is looked for where the caller is."
  }
}

run "observing_an_organisation_trail_needs_only_reads" {
  command = apply

  variables {
    mode = "observe"
    baselines = [{
      trail_arn             = "arn:aws:cloudtrail:eu-central-1:111122223333:trail/all"
      parameter_name        = "/trailkeeper/trailkeeper/all/1111"
      parameter_path        = "/trailkeeper/trailkeeper/all"
      can_be_recreated      = true
      guards                = { settings = true, event_selectors = true, insight_selectors = true, tags = true }
      is_organization_trail = true
    }]
  }

  assert {
    condition     = [for s in jsondecode(jsonencode(output.statements)) : s.Sid] == ["VerifyTrails", "AttributeChanges"]
    error_message = "Observing needs to read, nothing else."
  }
}

run "trails_of_two_regions" {
  command = apply

  variables {
    baselines = [for region in ["eu-central-1", "us-east-1"] : {
      trail_arn        = "arn:aws:cloudtrail:${region}:{account}:trail/first"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  assert {
    condition     = one([for s in jsondecode(jsonencode(output.statements)) : s.Condition.StringEquals["aws:RequestedRegion"] if s.Sid == "AttributeChanges"]) == ["eu-central-1", "us-east-1"]
    error_message = "The event history may be read where the trails are."
  }
}

run "all_trails_of_an_account_are_refused" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/*"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [var.baselines]
}

run "trails_of_all_accounts_are_refused" {
  command = plan

  variables {
    baselines = [{
      trail_arn        = "arn:aws:cloudtrail:eu-central-1:*:trail/first"
      parameter_name   = "/trailkeeper/trailkeeper/first/1111"
      parameter_path   = "/trailkeeper/trailkeeper/first"
      can_be_recreated = false
      guards           = { settings = false, event_selectors = false, insight_selectors = false, tags = false }
    }]
  }

  expect_failures = [var.baselines]
}

run "any_role_to_pass_is_refused" {
  command = plan

  variables {
    baselines = [{
      trail_arn                 = "arn:aws:cloudtrail:eu-central-1:123456789012:trail/first"
      parameter_name            = "/trailkeeper/trailkeeper/first/1111"
      parameter_path            = "/trailkeeper/trailkeeper/first"
      can_be_recreated          = false
      guards                    = { settings = true, event_selectors = false, insight_selectors = false, tags = false }
      cloud_watch_logs_role_arn = "arn:aws:iam::123456789012:role/*"
    }]
  }

  expect_failures = [var.baselines]
}

run "an_unknown_mode_is_refused" {
  command = plan

  variables {
    mode = "Enforce"
  }

  expect_failures = [var.mode]
}

run "an_account_is_twelve_digits" {
  command = plan

  variables {
    account = "*"
  }

  expect_failures = [var.account]
}
