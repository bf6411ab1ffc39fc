"""How replies reach people: the outbox, the mail server, alarms and quarterly reports."""
