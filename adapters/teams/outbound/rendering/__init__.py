"""What Teams is shown: activities, cards, and Markdown in which nothing of a model is live. Pure."""
