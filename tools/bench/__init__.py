"""`make bench`: what the filter costs, beside Envoy without it, in one run."""
