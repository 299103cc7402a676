"""Convert the float model as it is: proof that its ops convert, and the yardstick of all others."""
