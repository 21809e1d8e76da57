# The function's package for the members' own responders. Everybody in the
# organisation may read it: it holds no secret.
locals {
  packages     = local.rolls_out_responder ? 1 : 0
  bucket_name  = "${var.name}-packages-${local.account}-${local.region}"
  bucket_arn   = "arn:${local.partition}:s3:::${local.bucket_name}"
  package_hash = filesha256(var.package)

  bucket_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid       = "MembersReadPackages"
        Effect    = "Allow"
        Principal = "*"
        Action    = "s3:GetObject"
        Resource  = "${local.bucket_arn}/*"
        Condition = { StringEquals = { "aws:PrincipalOrgID" = var.organization_id } }
      },
      {
        Sid       = "DenyInsecureTransport"
        Effect    = "Deny"
        Principal = "*"
        Action    = "s3:*"
        Resource  = [local.bucket_arn, "${local.bucket_arn}/*"]
        Condition = { Bool = { "aws:SecureTransport" = "false" } }
      },
    ]
  })
}

resource "aws_s3_bucket" "packages" {
  #checkov:skip=CKV_AWS_18:Access logs would need a second bucket that nothing reads.
  #checkov:skip=CKV_AWS_144:A package is built again at any time. A replica would only be one more copy to guard.
  #checkov:skip=CKV_AWS_145:S3's own key on purpose. A customer key would have to be opened to every account, and whoever disables it stops every roll-out.
  #checkov:skip=CKV2_AWS_62:Nothing consumes object notifications.
  count = local.packages

  bucket        = local.bucket_name
  force_destroy = true
  tags          = var.tags
}

resource "aws_s3_bucket_ownership_controls" "packages" {
  count  = local.packages
  bucket = aws_s3_bucket.packages[0].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "packages" {
  count                   = local.packages
  bucket                  = aws_s3_bucket.packages[0].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_versioning" "packages" {
  count  = local.packages
  bucket = aws_s3_bucket.packages[0].id

  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_server_side_encryption_configuration" "packages" {
  count  = local.packages
  bucket = aws_s3_bucket.packages[0].id

  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_lifecycle_configuration" "packages" {
  count  = local.packages
  bucket = aws_s3_bucket.packages[0].id

  rule {
    id     = "expire-old-packages"
    status = "Enabled"

    filter {}

    noncurrent_version_expiration {
      noncurrent_days = 30
    }

    abort_incomplete_multipart_upload {
      days_after_initiation = 7
    }
  }

  depends_on = [aws_s3_bucket_versioning.packages]
}

resource "aws_s3_bucket_policy" "packages" {
  count  = local.packages
  bucket = aws_s3_bucket.packages[0].id
  policy = local.bucket_policy

  # Refused while public policies are only just being blocked.
  depends_on = [aws_s3_bucket_public_access_block.packages]
}

# The key holds the hash, so a new package is a new key and so a new template.
resource "aws_s3_object" "package" {
  #checkov:skip=CKV_AWS_186:See the bucket: S3's own key on purpose.
  count = local.packages

  bucket      = aws_s3_bucket.packages[0].id
  key         = "${var.architecture}/${local.package_hash}.zip"
  source      = var.package
  source_hash = local.package_hash
  tags        = var.tags

  depends_on = [
    aws_s3_bucket_ownership_controls.packages,
    aws_s3_bucket_versioning.packages,
    aws_s3_bucket_server_side_encryption_configuration.packages,
  ]

  lifecycle {
    # The members' functions come from the old one until their stacks are updated.
    create_before_destroy = true
  }
}
