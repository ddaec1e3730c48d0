"""What an option may say, where more than its own module must know."""

from typing import Literal, TypeAlias

ReportFormat: TypeAlias = Literal["text", "json"]
ListFormat: TypeAlias = Literal["text", "json", "markdown"]
Half: TypeAlias = Literal["workloads", "services"]
FailOn: TypeAlias = Literal["error", "warning", "info", "never"]
