"""The pipeline: stages of a run, their records, the time budget and the run folder."""
