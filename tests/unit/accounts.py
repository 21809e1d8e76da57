"""The account and region of the unit tests."""

ACCOUNT, REGION = "111122223333", "eu-west-1"
