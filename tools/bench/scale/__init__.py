"""`make bench-scale`: how cost grows with connections, open streams, what is configured, and workers."""
