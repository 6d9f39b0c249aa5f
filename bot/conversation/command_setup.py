"""Puts the commands together: those of `Commands` and those that have a module of their own."""

from bot.answers.budgets import BudgetKeeper
from bot.answers.scores import Scores
from bot.conversation.agent_setup import chat_agents
from bot.conversation.commands import Commands
from bot.conversation.model_picker import ModelPicker
from bot.conversation.own_commands import own_commands
from bot.conversation.scoreboard import Scoreboard
from bot.conversation.tooling import Tooling
from bot.models.discovery import Discovery
from bot.ports import Inbox
from bot.settings.settings import Settings
from bot.storage.open import Storage


def commands_of(
    settings: Settings,
    store: Storage,
    inbox: Inbox,
    models: Discovery,
    *,
    budgets: BudgetKeeper,
    tools: Tooling,
    scores: Scores,
) -> tuple[ModelPicker, Commands]:
    catalog, health, prices = models.catalog, store.health, models.prices
    picker = ModelPicker(
        catalog=catalog,
        preferences=store.preferences,
        health=health,
        prices=prices,
        secrets=store.secrets,
        endpoints=models,
        tools=bool(settings.file.tools),
        scores=scores,
    )
    agents = chat_agents(settings, store, catalog)
    return picker, Commands(
        catalog=catalog,
        picker=picker,
        ledger=store.ledger,
        preferences=store.preferences,
        policy=settings.file.policy,
        budgets=budgets,
        inbox=inbox,
        own=own_commands(
            catalog=catalog,
            preferences=store.preferences,
            tools=tools,
            agents=agents.commands,
            scoreboard=Scoreboard(scores=scores, store=store.scores, catalog=catalog),
        ),
        scores=store.scores,
        schedules=store.schedules,
        sign_ins=tools.sign_ins,
        agents=agents,
    )
