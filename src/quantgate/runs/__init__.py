"""Runs on this machine or a cluster: folder, runner, results."""
