"""`python -m organza.cli`."""

from organza.cli import main

main()
