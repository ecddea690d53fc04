"""`python -m datapipe`: the same as the command `datapipe`."""

from datapipe.cli.main import main

if __name__ == "__main__":
    main()
