"""Rendering for Slack: model text as a syntax tree, as blocks, as a preview, page by page. Pure."""
