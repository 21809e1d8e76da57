"""The lab: a local AWS account, guarded by Trailkeeper, that is attacked for real."""
