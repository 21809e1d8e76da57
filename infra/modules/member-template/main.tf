locals {
  partition   = split(":", var.hub.role_arn)[1]
  hub_account = split(":", var.hub.role_arn)[4]

  # The hub has its own responder and role of these names, so the stack stays
  # empty there, as in every account that is to be left alone. One condition
  # builds on the other, because Fn::Or takes ten at most.
  excluded = distinct(concat([local.hub_account], var.excluded_accounts))
  exclusions = [
    for index, account in local.excluded : {
      name = "Excluded${index}"
      test = { "Fn::Equals" = [{ Ref = "AWS::AccountId" }, account] }
    }
  ]
  last_exclusion = "Excluded${length(local.excluded) - 1}"

  conditions = merge(
    [for index, exclusion in local.exclusions : { (exclusion.name) = jsondecode(
      index == 0 ? jsonencode(exclusion.test) : jsonencode({ "Fn::Or" = [{ Condition = "Excluded${index - 1}" }, exclusion.test] })
    ) }]...
  )

  # What every resource has: where it is made, and that nothing of it is kept
  # when the account leaves.
  always = {
    Condition           = "Covered"
    DeletionPolicy      = "Delete"
    UpdateReplacePolicy = "Delete"
  }

  resources = merge(
    local.forwarding_resources,
    local.remediation_resources,
    local.responder_resources,
  )

  template = {
    AWSTemplateFormatVersion = "2010-09-09"
    Description              = "Trailkeeper: keeps the trails of this account as they are declared in the security account ${local.hub_account}. Made and updated from there; changes here are lost."
    Conditions = merge(
      local.conditions,
      { Covered = { "Fn::Not" = [{ Condition = local.last_exclusion }] } },
      local.account_conditions,
    )
    # Conditions come first, so that a resource can have a narrower one.
    Resources = { for id, resource in local.resources : id => merge(local.always, resource) }
  }

  body = jsonencode(local.template)
  # Base64 has 4 characters for 3 bytes.
  bytes = floor(length(trim(base64encode(local.body), "=")) * 3 / 4)
}

module "event_pattern" {
  source = "../event-pattern"
}
