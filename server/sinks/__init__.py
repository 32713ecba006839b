"""Deliver rendered sounds to clients."""
