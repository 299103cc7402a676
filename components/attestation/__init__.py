"""What a conversion delivered: attestation, trial run, inspection."""
