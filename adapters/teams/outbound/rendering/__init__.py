"""What Teams shows: activities, cards, and Markdown without active content from models. Pure."""
