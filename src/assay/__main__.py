"""`python -m assay` is the command `assay`."""

from assay.cli.main import cli

if __name__ == "__main__":
    cli()
