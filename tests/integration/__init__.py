"""Real servers: Prefect, Dask, mail, S3 and SFTP."""
