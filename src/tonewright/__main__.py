"""`python -m tonewright`."""

from tonewright.cli.main import main

main()
