"""Stands in for the module that componentize-py generates."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Err(Exception):
    value: object
