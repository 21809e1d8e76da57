locals {
  # No parameters and no error code: oversized calls lose the former, and
  # denied attempts carry the latter. The function looks at both. Each name
  # exists at one of the two services only, so one pattern holds all.
  pattern = {
    source        = ["aws.cloudtrail", "aws.organizations"]
    "detail-type" = ["AWS API Call via CloudTrail"]
    detail = {
      eventSource = ["cloudtrail.amazonaws.com", "organizations.amazonaws.com"]
      eventName = [
        # CloudTrail: what changes a trail.
        "StopLogging",
        "UpdateTrail",
        "DeleteTrail",
        "PutEventSelectors",
        "PutInsightSelectors",
        "AddTags",
        "RemoveTags",
        "CreateTrail",
        # CloudTrail: what is only reported.
        "DeregisterOrganizationDelegatedAdmin",
        "PutEventConfiguration",
        # Organizations: reported. They arrive in us-east-1 only.
        "DisableAWSServiceAccess",
        "DeregisterDelegatedAdministrator",
        "LeaveOrganization",
        "RemoveAccountFromOrganization",
        "CloseAccount",
      ]
    }
  }
}
