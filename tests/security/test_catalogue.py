"""Every way in which a bot like this one was or could be attacked, and the tests that show what becomes of it here.

One row per attack. The numbers behind it are those of OWASP's lists for 2025 (LLM01 ... LLM10) and 2026 (ASI01 ...
ASI10), where they name it. What the table names has to be there: a test that is renamed or taken out is missed.
"""

import ast
import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.domain.claims import Claim, Outcome
from bot.domain.replies import Action
from bot.domain.stream_parts import Text, ToolCall
from bot.ports import TurnHandle
from bot.settings.config_file import Policy
from bot.storage.open import Storage
from bot.worker import Worker
from tests.contracts.leases import nothing_waits
from tests.conversation.stage import Stage, answer
from tests.events import message, thread, turn

ROOT = Path(__file__).parents[2]
PLATFORMS = ("slack", "teams", "web")
PATIENCE = 20.0  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Attack:
    """What somebody tries, and which tests show that it fails: "file" for all of it, "file::name" for one."""

    what: str
    tests: tuple[str, ...]
    owasp: str = ""


HERE = "security/test_catalogue.py"

CATALOGUE = (
    Attack(
        what="a forged, old or changed signature of Slack",
        tests=(
            "slack/test_receiver.py::test_at_least_forty_forgeries_are_refused",
            "slack/test_receiver.py::test_signed_nonsense_is_a_bad_request",
            "contracts/adapters.py::test_a_forged_message_is_refused_and_not_stored",
        ),
    ),
    Attack(
        what="the same delivery again and again",
        tests=(
            f"{HERE}::test_a_thousand_replays_are_one_turn",
            "slack/test_receiver.py::test_a_hundred_replays_are_one_event",
            "contracts/inbox.py::test_an_event_sent_again_after_it_was_handled_is_not_handled_again",
        ),
    ),
    Attack(
        what="an outage in which the platform's own second delivery is taken for a replay",
        tests=(
            "contracts/adapters.py::test_without_storage_the_platform_is_asked_to_send_again",
            "contracts/inbox.py::test_a_refused_message_can_be_sent_again_when_there_is_room",
            "slack/test_adapter.py::test_while_slack_does_not_say_whose_people_somebody_is_of_it_is_asked_to_send_again",
        ),
    ),
    Attack(
        what="a forged token of the Bot Connector, and keys that cannot be had",
        tests=(
            "teams/test_token_validator.py::test_a_forged_token_is_refused",
            "teams/test_token_validator.py::test_unknown_keys_are_looked_up_once_a_minute_at_most",
            "teams/test_token_validator.py::test_a_hanging_key_server_holds_up_nobody_else",
        ),
    ),
    Attack(
        what="a development mode that believes anybody",
        tests=(
            "ops/test_cli.py::test_the_playground_is_refused_where_others_can_reach_it",
            "teams/test_token_validator.py::test_playground_hears_no_page_in_a_browser_and_no_tunnel",
            "teams/test_token_validator.py::test_playground_believes_this_machine_and_no_other",
        ),
    ),
    Attack(
        what="another tenant or organisation",
        tests=(
            "slack/test_surfaces.py::test_in_a_shared_channel_a_reaction_counts_by_policy",
            "teams/test_message_text.py::test_another_organisations_votes_count_by_policy_only",
            "teams/test_token_validator.py::test_an_activity_that_cannot_be_is_refused",
            "teams/test_token_validator.py::test_all_tenants_are_served_only_when_that_is_said",
            "teams/test_message_text.py::test_another_organisations_people_are_heard_by_policy_only",
            "slack/test_adapter.py::test_people_of_other_organisations_are_heard_by_policy_only",
            "slack/test_adapter.py::test_a_workspace_that_never_installed_gets_nothing",
            "slack/test_install.py::test_a_colleague_in_one_organisation_is_a_stranger_in_another",
            "security/test_policy.py",
        ),
        owasp="ASI03",
    ),
    Attack(
        what="a serviceUrl that would be sent the bot's token",
        tests=(
            "teams/test_token_validator.py::test_a_serviceurl_elsewhere_is_refused_even_when_signed",
            "teams/test_token_validator.py::test_the_bots_token_never_goes_elsewhere",
        ),
        owasp="LLM02",
    ),
    Attack(
        what="a file whose address leads to other hosts, into this network, or off with the token",
        tests=(
            "slack/test_history.py::test_a_file_elsewhere_is_never_asked_for",
            "slack/test_history.py::test_the_token_does_not_follow_to_another_port_or_through_a_redirect",
            "teams/test_downloads.py::test_a_file_elsewhere_is_not_fetched",
            "teams/test_downloads.py::test_a_redirect_elsewhere_is_not_followed",
            "teams/test_downloads.py::test_an_inline_image_redirected_elsewhere_takes_no_token_along",
            "providers/test_transport.py::test_redirects_are_not_followed_with_credentials",
        ),
        owasp="LLM02 ASI02",
    ),
    Attack(
        what="words of a model or a person that mention everybody",
        tests=(
            "contracts/sinks.py::test_hostile_text_is_shown_as_text",
            "slack/test_rendering.py::test_hostile_output_is_never_live_and_never_an_error",
            "slack/test_rendering.py::test_a_preview_parts_what_slack_would_read_as_a_command",
            "teams/test_markdown.py::test_no_text_becomes_a_mention_an_image_or_html",
        ),
        owasp="LLM05",
    ),
    Attack(
        what="a link that leads elsewhere than it says",
        tests=(
            "slack/test_rendering.py::test_addresses_that_could_be_fetched_or_run_are_never_links",
            "teams/test_markdown.py::test_markdown_is_shown_as_teams_can",
            "teams/test_markdown.py::test_nothing_beside_a_link_makes_more_of_it",
            "web/test_markdown.py::test_hostile_answers_do_nothing_and_fetch_nothing",
        ),
        owasp="LLM05",
    ),
    Attack(
        what="an image or a preview that tells a server what was said",
        tests=(
            "slack/test_streams.py::test_every_call_goes_over_one_connection_pool_and_no_message_may_unfurl",
            "slack/test_rendering.py::test_hostile_output_is_never_live_and_never_an_error",
            "teams/test_markdown.py::test_no_text_becomes_a_mention_an_image_or_html",
            "teams/test_markdown.py::test_nothing_beside_a_link_makes_more_of_it",
            "web/test_markdown.py::test_hostile_answers_do_nothing_and_fetch_nothing",
            "web/test_markdown.py::test_hostile_replies_do_nothing_and_fetch_nothing",
        ),
        owasp="LLM02 LLM05",
    ),
    Attack(
        what="words that break out of a card or a block",
        tests=(
            "conversation/test_handler.py::test_whatever_an_endpoint_calls_itself_the_footer_has_a_name",
            "contracts/sinks.py::test_hostile_words_in_a_reply_are_shown_as_text",
            "teams/test_cards.py::test_nobodys_words_become_more_than_text_in_a_card",
            "slack/test_rendering.py::test_any_text_makes_blocks_that_slack_accepts",
        ),
        owasp="LLM05",
    ),
    Attack(
        what="a button's value that was made up, or belongs to another conversation or person",
        tests=(
            f"{HERE}::test_a_button_does_nothing_to_another_conversations_answer",
            f"{HERE}::test_a_pick_of_what_may_not_be_picked_picks_nothing",
            "contracts/inbox.py::test_only_the_asker_may_stop",
            "slack/test_events.py::test_controls_that_are_not_ours_are_ignored",
            "teams/test_message_text.py::test_a_button_that_is_not_ours_changes_nothing",
        ),
        owasp="ASI02",
    ),
    Attack(
        what="instructions hidden in a thread, a file, a name or an earlier answer",
        tests=(
            f"{HERE}::test_a_model_that_was_talked_round_can_do_nothing_but_talk",
            "conversation/test_prompt.py::test_what_others_said_is_fenced_by_a_mark_they_cannot_know",
            "conversation/test_prompt.py::test_a_name_at_the_start_of_a_line_is_whose_words_they_are",
            "conversation/test_prompt.py::test_a_file_cannot_say_where_it_ends",
        ),
        owasp="LLM01 LLM06 ASI01",
    ),
    Attack(
        what="memory that crosses threads, people, workspaces or platforms",
        tests=(
            "security/test_isolation.py",
            "storage/test_cancellation.py",
            "contracts/memory.py::test_what_others_asked_since_is_no_title_of_ones_own",
            "conversation/test_attachments.py::test_another_conversation_never_gets_what_was_read_for_this_one",
        ),
        owasp="LLM02 ASI06",
    ),
    Attack(
        what="spending without end",
        tests=(
            "security/test_wallet.py",
            "security/test_wallet.py::test_forty_questions_at_once_spend_no_more_than_there_is",
            "storage/test_budgets.py",
            "storage/test_budget_orders.py::test_no_order_spends_a_dollar_twice_or_loses_one",
            "conversation/test_budgets.py::test_what_was_asked_costs_however_it_ended",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="bots that talk to each other, or the bot to itself",
        tests=(
            "slack/test_adapter.py::test_other_bots_are_known_for_apps_and_the_bot_itself_is_not_heard",
            "conversation/test_hearing.py::test_other_apps_are_never_answered_unless_they_are_listed",
            "conversation/test_hearing.py::test_two_bots_do_not_talk_for_ever",
            "conversation/test_hearing.py::test_bots_that_open_ever_new_threads_end_without_a_word",
            "teams/test_message_text.py::test_another_bot_is_not_answered",
        ),
        owasp="LLM10 ASI08",
    ),
    Attack(
        what="requests and answers that are slow, huge, compressed, deep or made to hold up their reader",
        tests=(
            "security/test_hostile_text.py",
            "ops/test_listeners.py::test_a_request_whose_header_does_not_come_is_hung_up_on",
            "ops/test_listeners.py::test_a_body_that_does_not_come_is_408",
            "ops/test_listeners.py::test_a_compressed_bomb_is_413",
            "ops/test_listeners.py::test_when_all_places_are_taken_the_slowest_gives_way_to_a_request",
            "slack/test_receiver.py::test_depth_is_counted_without_parsing",
            "providers/test_transport.py::test_an_answer_without_end_or_line_break_is_given_up",
            "web/test_markdown.py::test_no_text_keeps_the_page_busy",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="one person or one workspace that asks so much that all others wait",
        tests=(
            "contracts/line.py::test_people_are_served_in_turn",
            "contracts/line.py::test_workspaces_are_served_in_turn",
            "contracts/line.py::test_nobody_has_more_in_hand_than_one_may",
            "contracts/line.py::test_commands_do_not_wait_for_a_persons_own_questions",
            "worker/test_fairness.py",
            "ops/test_memory.py",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="a Redis that loses, throws away or takes back what it has acknowledged",
        tests=(
            "contracts/lost_data.py",
            "worker/test_lost_data.py",
            "worker/test_full_memory.py",
            "storage/test_replicas.py",
            "storage/test_readiness.py",
            "chaos/test_failover.py",
        ),
    ),
    Attack(
        what="numbers, words and headers that a pattern reads for ever",
        tests=(
            "security/test_patterns.py",
            "providers/test_hostile_answers.py::test_a_wait_of_twenty_thousand_digits_is_no_wait_and_holds_nobody_up",
            "providers/test_hostile_answers.py::test_a_header_line_longer_than_any_is_a_clear_error",
            "providers/test_hostile_answers.py::test_json_without_measure_is_an_error_at_most",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="half a secret, where a long line is cut before it is redacted",
        tests=(
            "security/test_patterns.py::test_no_half_of_a_secret_is_left_where_a_log_line_is_cut",
            "security/test_patterns.py::test_no_half_of_a_key_is_left_where_a_vendors_message_is_cut",
        ),
        owasp="LLM02",
    ),
    Attack(
        what="a few kilobytes that unpack to gigabytes, from a vendor, a platform or a proxy",
        tests=(
            "security/test_compressed.py",
            "providers/test_hostile_answers.py::test_what_comes_compressed_is_refused_and_never_unpacked",
            "providers/test_hostile_answers.py::test_a_compressed_listing_is_refused",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="one piece of an answer that is larger than any answer, and thoughts without end",
        tests=("conversation/test_attempt.py",),
        owasp="LLM10",
    ),
    Attack(
        what="a text that no renderer can take, or a table of a million cells",
        tests=(
            "delivery/test_last_resort.py",
            "contracts/sinks.py::test_what_no_renderer_can_take_is_shown_all_the_same",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="pictures that together do not fit into memory",
        tests=(
            "conversation/test_attachments.py::test_what_all_questions_hold_stays_within_the_budget_and_all_have_their_turn",
            "conversation/test_attachments.py::test_a_question_that_needs_more_than_there_is_gets_what_fits_and_is_told_what_to_do",
        ),
        owasp="LLM10",
    ),
    Attack(
        what="secrets and people's words in logs, errors and answers",
        tests=(
            "ops/test_listeners.py::test_no_answer_names_the_server_or_quotes_what_was_no_request",
            "security/test_product.py::test_no_secret_gets_out_and_nobody_is_answered_500",
            "ops/test_logging.py::test_no_secret_gets_into_the_log_whatever_way_it_takes",
            "providers/test_error_mapping.py::test_the_key_itself_never_reaches_the_log_whatever_it_looks_like",
            "storage/test_encryption.py::test_words_and_tokens_are_on_the_disk_only_without_a_key",
            f"{HERE}::test_no_value_shows_its_secret_when_it_is_printed",
        ),
        owasp="LLM02 LLM07",
    ),
    Attack(
        what="a Redis that others can read",
        tests=(
            "ops/test_start_page.py::test_it_warns_of_a_redis_that_others_can_read",
            "ops/test_start_page.py::test_it_warns_of_tokens_that_are_kept_as_they_are",
            "storage/test_encryption.py::test_words_and_tokens_are_on_the_disk_only_without_a_key",
        ),
    ),
    Attack(
        what="a Redis that others can write to: records moved, swapped, repeated or replaced by plain ones",
        tests=(
            "storage/test_forgery.py",
            "storage/test_encryption.py::test_a_record_opens_only_unchanged_in_its_own_place",
            "storage/test_encryption.py::test_what_was_not_sealed_is_not_believed_once_there_is_a_key",
            "storage/test_encryption.py::test_a_key_set_on_what_was_stored_without_one_is_told_with_a_way_out",
            "ops/test_cli.py::test_a_key_set_later_or_left_out_stops_it_with_a_way_out",
        ),
        owasp="ASI06",
    ),
    Attack(
        what="what was erased, and is found later: in a dead letter, a title, a list, an id, a turn that was running",
        tests=(
            "e2e/test_forget.py",
            "storage/test_residue.py",
            "storage/test_dead_letters.py::test_of_a_letter_that_was_dropped_no_byte_stays",
            "contracts/memory.py::test_what_a_turn_adds_while_its_conversation_is_erased_is_not_kept",
            "contracts/timeline.py::test_what_stands_above_a_post_can_be_erased_and_the_conversation_goes_on",
        ),
        owasp="LLM02",
    ),
    Attack(
        what="an encryption key that can be guessed",
        tests=(
            "storage/test_encryption.py::test_what_is_no_key_is_refused_with_a_remedy",
            "ops/test_cli.py::test_what_is_no_key_stops_it_before_a_server_is_started",
        ),
    ),
    Attack(
        what="an installation that somebody else began",
        tests=(
            "slack/test_install.py::test_as_long_as_no_workspace_is_named_nobody_can_install",
            "slack/test_install.py::test_only_workspaces_the_operator_names_may_install",
            "slack/test_install.py::test_a_callback_that_is_not_ours_installs_nothing",
            "slack/test_install.py::test_a_state_works_once",
            "slack/test_install.py::test_a_state_lasts_ten_minutes",
            "slack/test_install.py::test_nobody_can_fill_the_storage_by_starting_installations",
        ),
    ),
    Attack(
        what="the operator's numbers, or the local page, seen from outside or from another site",
        tests=(
            "web/test_outsiders.py::test_through_a_plain_proxy_nothing_is_read_written_or_deleted",
            "web/test_outsiders.py::test_nor_through_nginx",
            "web/test_outsiders.py::test_where_slack_comes_in_over_http_there_is_no_page_unless_it_is_asked_for",
            "web/test_adapter.py::test_without_the_printed_address_nothing_is_served",
            "storage/test_page_token.py",
            "teams/test_token_validator.py::test_playground_hears_nobody_through_a_plain_reverse_proxy",
            "ops/test_listeners.py::test_the_public_door_shows_nothing_of_the_operators",
            "ops/test_listeners.py::test_a_website_that_names_itself_like_this_machine_is_no_operator",
            "web/test_adapter.py::test_what_does_not_come_from_this_machine_is_refused",
            "web/test_adapter.py::test_a_form_of_another_site_cannot_send",
            "web/test_product.py::test_the_page_is_not_served_where_others_could_reach_it",
        ),
    ),
    Attack(
        what="stored data that is run",
        tests=(f"{HERE}::test_nothing_that_was_stored_or_sent_is_ever_run",),
        owasp="ASI05",
    ),
    Attack(
        what="a dependency that was exchanged",
        tests=(f"{HERE}::test_every_dependency_is_pinned_to_its_content",),
        owasp="LLM03 ASI04",
    ),
    Attack(
        what="an empty secret",
        tests=(
            "slack/test_receiver.py::test_an_empty_secret_is_refused_at_the_start",
            "ops/test_settings.py::test_a_wrong_value_stops_the_start_with_the_name_the_reason_and_the_remedy",
        ),
    ),
)


@pytest.mark.parametrize("attack", CATALOGUE, ids=lambda attack: attack.what)
def test_what_shows_that_an_attack_fails_is_there(attack: Attack) -> None:
    """A platform that was taken out has taken its own tests along."""
    gone = tuple(f"{name}/" for name in PLATFORMS if not (ROOT / "adapters" / name).exists())
    missing = [test for test in attack.tests if not test.startswith(gone) and not is_there(test)]

    assert attack.tests
    assert not missing


def is_there(test: str) -> bool:
    file, _, name = test.partition("::")
    path = ROOT / "tests" / file
    if not path.is_file():
        return False
    found = [node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, FUNCTIONS)]
    return name in found if name else any(one.startswith("test_") for one in found)


FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


async def test_a_thousand_replays_are_one_turn(storage: Storage) -> None:
    """While it waits, while it is answered, and after it was."""
    event, paid = message("pay the invoice"), 0

    async def replay(times: int) -> None:
        async with asyncio.TaskGroup() as group:
            for _ in range(times):
                group.create_task(storage.inbox.put(event))

    async def quiet() -> None:
        async with asyncio.timeout(PATIENCE):
            while not await nothing_waits(storage):  # noqa: ASYNC110 - only the server knows
                await asyncio.sleep(0.01)

    async def handle(claim: Claim, hand: TurnHandle) -> Outcome:
        nonlocal paid
        paid += 1
        await replay(300)
        return Outcome(append=(turn("pay the invoice"),))

    async def apologise(claim: Claim, hand: TurnHandle, why: str) -> None:
        pytest.fail(why)

    await replay(400)
    worker = Worker(leases=storage.leases, handle=handle, apologise=apologise)
    async with asyncio.TaskGroup() as group:
        working = group.create_task(worker.run())
        await quiet()
        await replay(300)
        await quiet()
        working.cancel()

    assert paid == 1
    assert len(await storage.memory.recall(thread())) == 1


@pytest.mark.parametrize(
    ("action", "value"),
    [
        (Action.AGAIN, "theirs"),
        (Action.ASK, "theirs claude"),
        (Action.OTHER, "theirs"),
        (Action.CONTINUE, "theirs"),
        (Action.KEEP, "theirs claude"),
        (Action.UP, "theirs"),
        (Action.AGAIN, ""),
        (Action.CONTINUE, ""),
        (Action.KEEP, ""),
    ],
)
async def test_a_button_does_nothing_to_another_conversations_answer(action: Action, value: str) -> None:
    """What it names is looked for in the conversation where it was pressed, and nowhere else."""
    stage = Stage()
    await stage.says("mine")
    before = stage.history
    await stage.presses(action, value)

    assert stage.history == before
    assert len(stage.one.asked) + len(stage.two.asked) == 1


@pytest.mark.parametrize(
    "value", ["thread gpt", "channel gpt", "workspace claude", "me gpt", "everywhere claude", "x"]
)
async def test_a_pick_of_what_may_not_be_picked_picks_nothing(value: str) -> None:
    stage = Stage(policy=Policy(allow=("claude", "grok")))
    await stage.presses(Action.PICK, value)

    assert stage.chosen_for == {}
    assert stage.thread_model == ""


async def test_a_model_that_was_talked_round_can_do_nothing_but_talk() -> None:
    """Whatever a file or a thread told it to write: commands, calls, mentions. Effects are looked at, not words."""
    stage = Stage()
    stage.chosen_for["person:U1"] = "grok"
    await stage.says("remember the tide")
    orders = "/forget\n/model gpt --channel\n<!channel> stop"
    stage.one.scripts = [
        (Text(orders), ToolCall("call00001", "forget", "{}"), *answer("")[2:]),
        (Text("/reset"), *answer("")[2:]),
    ]
    heard = await stage.says("summarise the file")
    await stage.presses(Action.AGAIN, stage.history[-1].id)

    assert heard.text == orders
    assert stage.chosen_for == {"person:U1": "grok"}
    assert stage.thread_model == ""
    assert [one.asked.text for one in stage.history] == ["remember the tide", *2 * ["summarise the file"]]
    assert {one.reason for one in stage.history} <= {"stop", "tool_calls"}
    assert all(not prompt.tools for _, prompt in stage.one.asked)


SECRETIVE = {"token", "secret", "password", "refresh", "encryption_keys", "api_key", "app_password"}


def test_no_value_shows_its_secret_when_it_is_printed() -> None:
    """Dataclasses print all their fields, into whatever log or traceback they get."""
    shown = []
    for path in (path for part in ("bot", "adapters", "providers") for path in (ROOT / part).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.AnnAssign(target=ast.Name(id=name), annotation=ast.Name(id="str"), value=value):
                    if name in SECRETIVE and "repr=False" not in (ast.unparse(value) if value else ""):
                        shown.append((path.relative_to(ROOT).as_posix(), name))
                case _:
                    continue

    assert shown == []


RUN = {"pickle", "marshal", "shelve", "dill", "yaml", "subprocess", "jinja2", "code", "ctypes"}
CALLED = {"eval", "exec", "compile", "__import__", "system", "popen"}


def test_nothing_that_was_stored_or_sent_is_ever_run() -> None:
    """JSON is all that is read; what could run data is not even imported."""
    found = []
    for path in (path for part in ("bot", "adapters", "providers") for path in (ROOT / part).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names=names):
                    named = {one.name.partition(".")[0] for one in names} & RUN
                case ast.ImportFrom(module=str(module)):
                    named = {module.partition(".")[0]} & RUN
                case ast.Call(func=ast.Name(id=name)):
                    named = {name} & CALLED
                case ast.Call(func=ast.Attribute(attr=name, value=ast.Name(id="os"))):
                    named = {name} & CALLED
                case _:
                    continue
            found += [(path.relative_to(ROOT).as_posix(), name) for name in named]

    assert found == []


def test_every_dependency_is_pinned_to_its_content() -> None:
    text = (ROOT / "requirements.txt").read_text().replace("\\\n", " ")
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    loose = [line for line in lines if "==" not in line or "--hash=sha256:" not in line]

    assert len(lines) > 20
    assert not loose
    assert not [line for line in lines if line.startswith("litellm")]
