"""The command table as plain data: addresses, arguments, types, units, ranges, replies, help."""
