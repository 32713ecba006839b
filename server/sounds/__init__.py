"""The functions of the /sound commands."""
