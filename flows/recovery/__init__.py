"""After a loss or a change of mind: what is lost, approvals, rebuilds."""
