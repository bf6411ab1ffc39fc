"""Who is told what, by a real mail server."""
