"""What will go wrong in a pod, found by the model: each with its places and its cure."""
