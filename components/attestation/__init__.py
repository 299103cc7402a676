"""Checks of a converted model: attestation, trial run, inspection."""
