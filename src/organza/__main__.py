"""`python -m organza`."""

from organza.cli import main

main()
