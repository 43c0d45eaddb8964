"""Processes killed without warning; the carrier's journal is the judge."""
