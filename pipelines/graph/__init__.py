"""From a plan to a KFP graph, flat or embedded in another pipeline."""
