"""Publish the winner, whole or not at all."""
