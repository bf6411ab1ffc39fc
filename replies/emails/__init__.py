"""The e-mails to data owners, accountable officers and the performance analyst."""
