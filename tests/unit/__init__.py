"""Unit tests of the lab itself."""
