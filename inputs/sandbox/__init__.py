"""Child processes under limits, in which untrusted files are opened."""
