"""The functions behind /sound/..."""
