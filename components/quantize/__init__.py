"""Convert one candidate and attest what was delivered."""
