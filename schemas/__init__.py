"""What is true of good data: definitions, rules, findings, checks, the calendar. Imports nothing else of ours."""
