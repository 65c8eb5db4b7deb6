"""`python -m fairway` is the `fairway` command."""

from fairway.entrypoints.cli.main import main

if __name__ == "__main__":
    main()
