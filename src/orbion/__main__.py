"""The program: `orbion`, or `python -m orbion`."""

from orbion.cli.root import orbion


def main() -> None:
    orbion.main()


if __name__ == "__main__":
    main()
