"""The program: `orbion`, or `python -m orbion`."""

import gc

from orbion.cli.root import orbion


def main() -> None:
    gc.disable()  # imports make no garbage; `serve` turns it on again with its own thresholds
    orbion.main()


if __name__ == "__main__":
    main()
