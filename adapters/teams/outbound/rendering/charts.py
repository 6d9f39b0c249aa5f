"""Charts as Teams draws them, with their words for clients that draw none. They hold no ranges: those are in the table.

Source: Microsoft Learn, Teams platform, "Charts in Adaptive Cards", Chart.HorizontalBar; its texts are plain.
"""

from dataclasses import replace

from adapters.teams.outbound.rendering import rich
from adapters.teams.outbound.rendering.runs import Element, text_run
from bot.domain.formatting import clean_name
from bot.domain.replies import Chart


def chart_elements(chart: Chart) -> list[Element]:
    """One chart for each series: a horizontal bar of Teams has one value."""
    return [
        {
            "type": "Chart.HorizontalBar",
            "title": f"{series.name}, %",
            "displayMode": "AbsoluteWithAxis",
            "data": [
                {"x": clean_name(category), "y": round(100 * one.value)}
                for category, one in zip(chart.categories, series.values, strict=True)
                if one
            ],
            "fallback": rich.rich_text(text_run(replace(chart, series=(series,)).told)),
        }
        for series in chart.series
    ]
