"""Components and helpers of the tests that compare a cluster with this machine."""
