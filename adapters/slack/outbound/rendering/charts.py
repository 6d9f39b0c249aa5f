"""Charts as Slack draws them. They hold no ranges: those are in the table.

Source: docs.slack.dev, "Data visualization block": titles of 50 characters, labels and names of 20, all of them different; two in
a message, which stands nowhere. An older Slack knows none: then it is left out (adapters.slack.outbound.shapes).
"""

from typing import Final

from adapters.slack.outbound.rendering.rich import Block
from bot.domain.formatting import clip
from bot.domain.replies import Chart, Series

CHART: Final = "data_visualization"
MOST, POINTS = 2, 20
TITLE, LABEL = 50, 20


def chart_blocks(chart: Chart) -> list[Block]:
    """One for each series: in one chart all of them would have to tell of the same categories."""
    return [block for series in chart.series[:MOST] if (block := _bars(chart, series))]


def _bars(chart: Chart, series: Series) -> Block | None:
    """None where there is nothing to show, or two labels would be the same."""
    told = zip(chart.categories, series.values, strict=True)
    data = [{"label": clip(label, LABEL), "value": round(100 * one.value)} for label, one in told if one][
        :POINTS
    ]
    labels = [each["label"] for each in data]
    if not data or len(set(labels)) < len(labels):
        return None
    return {
        "type": CHART,
        "title": clip(f"{chart.title}: {series.name}, %", TITLE),
        "chart": {
            "type": "bar",
            "series": [{"name": clip(series.name, LABEL), "data": data}],
            "axis_config": {"categories": labels, "y_label": "%"},
        },
    }
