"""Planning: candidates, tasks and run parameters of a spec."""
