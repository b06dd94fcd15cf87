"""Numbers with bounds, for the fields of recipes: what lies outside is refused by name when a field is set."""

from __future__ import annotations

from typing import Annotated

from pydantic import AllowInfNan, Field

Count = Annotated[int, Field(ge=1)]
Natural = Annotated[int, Field(ge=0)]
Rate = Annotated[float, Field(ge=0), AllowInfNan(False)]
Proportion = Annotated[float, Field(ge=0, le=1), AllowInfNan(False)]
Share = Annotated[float, Field(ge=0, lt=1), AllowInfNan(False)]
Fraction = Annotated[float, Field(gt=0, lt=1), AllowInfNan(False)]
Positive = Annotated[float, Field(gt=0), AllowInfNan(False)]
