"""Who reaches whom: ports and their protocols, Services and what they select, callers."""
