"""Pictures and videos through models that make pictures from pictures: any size, in tiles where memory asks for them."""

from organza.tools.pictures.preview import Case, Column, cases
from organza.tools.pictures.verbs import Asked, Pictured, remake

__all__ = ["Asked", "Case", "Column", "Pictured", "cases", "remake"]
