"""KFP's client: connect, submit, follow."""
