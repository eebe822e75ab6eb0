"""Whether Bedrock's models take what the filter's table says they take: see `tools/verify-aws`."""
