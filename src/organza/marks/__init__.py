"""Pictures that say that they were generated."""

from organza.marks.pictures import grid, opaque, save_gif, save_picture
from organza.marks.plane import positions, scatter
from organza.marks.provenance import Mark, is_video, read_mark

__all__ = ["Mark", "grid", "is_video", "opaque", "positions", "read_mark", "save_gif", "save_picture", "scatter"]
