"""The steps of running jobs: noted as they are reported, kept for a while."""
