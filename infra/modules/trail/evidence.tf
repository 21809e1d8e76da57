# What is declared of the key, as the resources of this module make it: one document,
# like the trail's own. Nothing here refers to what waits for the responder, so that the
# document changes before the thing does.
locals {
  evidence = {
    log_key = {
      arn   = aws_kms_key.logs.arn
      alias = local.key_alias
      declared = {
        state    = "Enabled"
        policy   = jsondecode(local.key_policy)
        rotation = true
        alias    = local.key_alias
      }
      # What else differs is reported, and left to people.
      restored = concat(["state"], var.restore_key_policy ? ["policy", "rotation"] : [])
    }
  }

  evidence_documents = {
    for kind, thing in local.evidence : kind => jsonencode({
      schema   = "trailkeeper.evidence"
      version  = 1
      arn      = thing.arn
      declared = thing.declared
      restored = thing.restored
    })
  }
}

# As the trail's own baseline: the name holds the hash of the value, so a parameter is
# never changed.
resource "aws_ssm_parameter" "evidence" {
  #checkov:skip=CKV2_AWS_34:A baseline is no secret: whoever may read the key's policy may read it. A key would be one more thing that an attacker can disable.
  for_each = var.guard_evidence ? local.evidence_documents : {}

  name           = "/trailkeeper/${var.name}/${var.name}/${each.key}/${sha256(each.value)}"
  description    = "What the ${replace(each.key, "_", " ")} of the trail ${var.name} is declared to be. Written by Terraform; the responder guards it by it."
  type           = "String"
  insecure_value = each.value
  # Above 4 KB an advanced parameter is made, which costs a little.
  tier = "Intelligent-Tiering"
  tags = var.tags

  lifecycle {
    # The function needs the old one until it is told the name of the new one.
    create_before_destroy = true
  }
}
