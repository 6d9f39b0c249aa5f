"""What a person has open in Slack while writing to the agent, and whether a question is about it. Pure.

Slack names it on every direct message. It counts only when the question points at it ("this channel", in the languages
below), because to read it is to send other people's words to a model's vendor. Source: docs.slack.dev "app_context".
"""

import re
from collections.abc import Mapping
from typing import Any

KINDS = {
    "slack#/types/channel_id": "channel",
    "slack#/types/canvas_id": "canvas",
    "slack#/types/list_id": "list",
    "slack#/types/message_context": "message",
}
BEFORE = (
    "this|these|the current|this current|this slack|diese[rsmn]?|aktuelle[rsmn]?|ce|cet|cette|ces|este|esta|esse|essa|neste|"
    "nesse|nesta|deste|desse|desta|questo|questa|quest'|dit|deze|ten|tego|tym|tej|ta|tę|tento|tomto|tohoto|této|tuto|"
    "denne|dette|denna|detta|tämä|tämän|tässä|tätä|bu|este canal|acest|această|ez a|ezt a|ebben a|ezen a|"
    "эт\\w{1,3}|дан\\w{1,5}|ц\\w{1,3}|αυτ\\w{1,3}(?: το| τη| του)?|saluran|इस|यह|ini|هذه|هذا"
)
NOUNS = {
    "channel": (
        "(?:slack[ -])?channels?|conversation|kanals?|kanäle|unterhaltung|canal|salon|chaîne|canale|kanaal|kanał\\w*|kaná\\w{1,4}|"
        "kanal\\w{0,6}|kanava\\w{0,5}|csatorn\\w{1,5}|canalul|канал\\w{0,4}|κανάλι|saluran|चैनल|قناة|القناة"
    ),
    "message": (
        "messages?|threads?|post|nachricht|beitrag|fil|mensaje|hilo|mensagem|messaggio|bericht|wiadomoś\\w{1,4}|wąt\\w{1,5}|"
        "zpráv\\w{1,3}|besked|melding|meddelande|viesti\\w{0,4}|ketju\\w{0,4}|mesaj\\w{0,4}|сообщени\\w{1,3}|тред\\w{0,3}|повідомлення|μήνυμα|pesan|"
        "संदेश|الرسالة"
    ),
    "canvas": "canvas|canvases|document|dokument\\w{0,3}|leinwand|toile|lienzo|documento|tela|канвас\\w{0,3}|документ\\w{0,3}|दस्तावेज़",
    "list": "list|liste|lista|lijst|список|списк\\w{1,3}|सूची",
}
OTHER = {
    "channel": "(?:この|当|今の)(?:チャンネル|会話)|(?:这个|這個|此|本|该|該|这|這)(?:频道|頻道)|(?:이|현재) ?채널|הערוץ הזה|kênh này|ช่องนี้|channel ini|saluran ini",
    "message": "この(?:メッセージ|スレッド|投稿)|(?:这个|這個|此|这条|這條|该|該)(?:消息|訊息|帖子|讨论串)|이 ?(?:메시지|스레드|글)|ההודעה הזו|tin nhắn này|ข้อความนี้|pesan ini",
    "canvas": "この(?:キャンバス|ドキュメント|文書)|(?:这个|這個|此|该)(?:画布|畫布|文档|文件)|이 ?(?:캔버스|문서)",
    "list": "この(?:リスト)|(?:这个|這個|此|该)(?:列表|清单|清單)|이 ?(?:목록|리스트)",
}
LOOKED_AT = "the (?:{nouns}) (?:that )?(?:i am|i'm|we are|we're) (?:looking at|in|on|reading)|the (?:{nouns}) (?:i have|we have) open"
LONGEST = 2_000  # characters of a question that are looked at

ABOUT = {
    kind: re.compile(
        rf"(?<!\w)(?:{BEFORE})[ '](?:{nouns})(?!\w)|{LOOKED_AT.format(nouns=nouns)}|{OTHER[kind]}",
        re.IGNORECASE,
    )
    for kind, nouns in NOUNS.items()
}

THIS_CHANNEL = re.compile(
    r"(?<!\w)this (?:slack )?channel(?!\w)|the channel (?:that )?(?:i am|i'm) looking at|(?:diesen|diesem|dieser) kanal|"
    r"ce canal|este canal|questo canale|このチャンネル|这个频道|이 채널",
    re.IGNORECASE,
)


def asked_about(app_context: object, text: str) -> str:
    """What is open and asked about: "channel C7", "canvas F1", "list F2", "message C7 9.1"; "" for nothing. "nothing" where a
    channel is asked about and Slack does not say which one is open.
    """
    entities = app_context.get("entities") if isinstance(app_context, Mapping) else None
    asked = text[:LONGEST].replace("\u2019", "'")
    for entity in entities if isinstance(entities, list) else []:
        if not isinstance(entity, Mapping):
            continue
        kind, where = KINDS.get(str(entity.get("type"))), _where(entity)
        if kind and where and ABOUT[kind].search(asked):
            return f"{kind} {where}"
    return "nothing" if THIS_CHANNEL.search(asked) else ""


def _where(entity: Mapping[str, Any]) -> str:
    value = entity.get("value")
    if isinstance(value, Mapping):
        channel, ts = value.get("channel_id"), value.get("message_ts")
        return f"{channel} {ts}" if channel and ts else ""
    return value if isinstance(value, str) else ""
