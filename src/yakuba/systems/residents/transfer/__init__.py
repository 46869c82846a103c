"""The register as a file: import of any size (`loading`), export (`exporting`), and the rows that were refused.

The format is docs/formats/residents-register-csv.md. `job` is light and names the job kind for workers; the rest is
imported where it is used, because it brings Polars along.
"""
