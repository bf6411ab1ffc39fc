"""Reading and checking what arrived: files to findings, staged here or by workers elsewhere."""
