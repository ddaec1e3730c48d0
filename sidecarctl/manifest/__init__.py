"""YAML text <-> documents, places and pods: the only room that knows a node, a mark, an indent."""
