"""The pod as the kubelet runs it: what starts when, what stops when, what a pod costs."""
