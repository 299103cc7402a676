"""A KFP backend without a cluster: KFP's own programs, and what stands for Kubernetes and Argo."""
