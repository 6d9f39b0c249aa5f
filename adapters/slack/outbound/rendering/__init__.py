"""What Slack is shown: model text as a syntax tree, as blocks, as a preview, page by page. Pure."""
