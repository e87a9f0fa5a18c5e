"""`python -m pipelines`: the command line, where its script isn't on the PATH."""

from pipelines.cli import main

if __name__ == "__main__":
    main()
