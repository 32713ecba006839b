"""Sizes that the command table and its functions share."""

# Characters of the reason in /fail.
MAX_REASON = 200
MAX_NAME = 255
MAX_SLOTS = 1024
# More than one datagram holds.
MAX_EDITS = 16_384
# Ten minutes of work for a full-size checkpoint on two cores.
MAX_NOTES = 10_000
MAX_SECONDS = 1800.0
