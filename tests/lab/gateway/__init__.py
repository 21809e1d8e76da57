"""Stands in front of the emulated AWS and adds what it lacks: CloudTrail records and their delivery.

It knows AWS, and nothing about the project whose lab it serves.
"""
