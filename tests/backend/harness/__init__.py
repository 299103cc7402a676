"""A KFP backend without a cluster: KFP's own programs, with substitutes for Kubernetes and Argo."""
