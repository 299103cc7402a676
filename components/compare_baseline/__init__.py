"""The component that compares the float baseline with its source model."""
