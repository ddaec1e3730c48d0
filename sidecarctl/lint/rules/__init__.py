"""One module, one rule, named after its slug; found by listing this folder."""
