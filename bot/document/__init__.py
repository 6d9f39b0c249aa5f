"""The answer's Markdown as one small tree: parsed once, the same for every platform, safe at any size. Pure."""
