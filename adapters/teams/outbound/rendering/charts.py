"""Charts as Teams draws them, with their words for clients that draw none. They hold no ranges: those are in the table.

Source: Microsoft Learn, Teams platform, "Charts in Adaptive Cards", Chart.HorizontalBar; its texts are plain.
"""

from adapters.teams.outbound.rendering import rich
from adapters.teams.outbound.rendering.runs import Element
from bot.domain.replies import Chart


def chart_elements(chart: Chart) -> list[Element]:
    """One chart for each series: a horizontal bar of Teams has one value."""
    return [
        {
            "type": "Chart.HorizontalBar",
            "title": f"{series.name}, %",
            "displayMode": "AbsoluteWithAxis",
            "data": [
                {"x": category, "y": round(100 * one.value)}
                for category, one in zip(chart.categories, series.values, strict=True)
                if one
            ],
            "fallback": rich.line_element(
                Chart(title="", categories=chart.categories, series=(series,)).told
            ),
        }
        for series in chart.series
    ]
