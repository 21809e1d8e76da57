# No provider, no account: the module only says something.

run "the_pattern_names_the_calls" {
  command = apply

  assert {
    condition = output.pattern == {
      source        = ["aws.cloudtrail", "aws.organizations"]
      "detail-type" = ["AWS API Call via CloudTrail"]
      detail = {
        eventSource = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"]
        eventName = [
          "StopLogging", "UpdateTrail", "DeleteTrail", "PutEventSelectors", "PutInsightSelectors", "AddTags", "RemoveTags", "CreateTrail",
          "DeregisterOrganizationDelegatedAdmin", "PutEventConfiguration", "DisableAWSServiceAccess", "DeregisterDelegatedAdministrator", "LeaveOrganization", "RemoveAccountFromOrganization", "CloseAccount",
        ]
      }
    }
    error_message = "The pattern must pin source, type, service and calls, look at no parameter or error code, and leave account and region to whoever uses it."
  }
}
