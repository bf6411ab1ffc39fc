"""The example night and whole nights of small partnerships, at the boundary a user sees."""
