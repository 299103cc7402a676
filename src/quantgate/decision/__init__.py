"""From evidence to a decision: join, judge, choose, warn, advise."""
