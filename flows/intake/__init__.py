"""How files arrive: inboxes, and the private holding folder."""
