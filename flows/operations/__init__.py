"""What an operator runs and sees: the doctor, the trial server, Prefect's pages."""
