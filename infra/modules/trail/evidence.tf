# What is declared of bucket and key, as the resources of this module make them: a
# document for each, like the trail's own. Nothing here refers to what waits for the
# responder, so that the document changes before the thing does.
locals {
  xmlns = "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\""

  # What this module sets none of. Each can carry logs away or have them deleted, or keeps
  # CloudTrail from delivering. null is deleted if it is there.
  bucket_without = {
    notification    = "<NotificationConfiguration ${local.xmlns}></NotificationConfiguration>"
    replication     = null
    logging         = "<BucketLoggingStatus ${local.xmlns}></BucketLoggingStatus>"
    request_payment = "<RequestPaymentConfiguration ${local.xmlns}><Payer>BucketOwner</Payer></RequestPaymentConfiguration>"
  }
  bucket_declared = merge(
    {
      # All but the policy as S3 is sent it.
      policy              = jsondecode(local.bucket_policy)
      ownership           = "<OwnershipControls ${local.xmlns}><Rule><ObjectOwnership>BucketOwnerEnforced</ObjectOwnership></Rule></OwnershipControls>"
      public_access_block = "<PublicAccessBlockConfiguration ${local.xmlns}><BlockPublicAcls>true</BlockPublicAcls><IgnorePublicAcls>true</IgnorePublicAcls><BlockPublicPolicy>true</BlockPublicPolicy><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>"
      versioning          = "<VersioningConfiguration ${local.xmlns}><Status>Enabled</Status></VersioningConfiguration>"
      encryption          = "<ServerSideEncryptionConfiguration ${local.xmlns}><Rule><ApplyServerSideEncryptionByDefault><KMSMasterKeyID>${aws_kms_key.logs.arn}</KMSMasterKeyID><SSEAlgorithm>aws:kms</SSEAlgorithm></ApplyServerSideEncryptionByDefault><BucketKeyEnabled>true</BucketKeyEnabled></Rule></ServerSideEncryptionConfiguration>"
      lifecycle           = "<LifecycleConfiguration ${local.xmlns}><Rule><ID>expire-logs</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><Days>${var.log_retention_days}</Days></Expiration><NoncurrentVersionExpiration><NoncurrentDays>${local.noncurrent_days}</NoncurrentDays></NoncurrentVersionExpiration><AbortIncompleteMultipartUpload><DaysAfterInitiation>${local.upload_days}</DaysAfterInitiation></AbortIncompleteMultipartUpload></Rule><Rule><ID>remove-empty-delete-markers</ID><Filter><Prefix></Prefix></Filter><Status>Enabled</Status><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration></Rule></LifecycleConfiguration>"
    },
    var.object_lock == null ? {} : {
      object_lock = "<ObjectLockConfiguration ${local.xmlns}><ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention><Mode>${var.object_lock.mode}</Mode><Days>${var.object_lock.days}</Days></DefaultRetention></Rule></ObjectLockConfiguration>"
    },
    { for field, value in local.bucket_without : field => value if !contains(var.bucket_set_elsewhere, field) },
  )

  evidence = {
    log_bucket = {
      arn      = local.bucket_arn
      alias    = null
      declared = local.bucket_declared
      # A bucket that is deleted is left to people, unless they opted in: its logs are
      # gone, and the trail may have to go elsewhere.
      restored = concat(keys(local.bucket_declared), var.recreate_bucket ? ["exists"] : [])
    }
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
