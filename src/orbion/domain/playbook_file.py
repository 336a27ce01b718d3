"""Load a playbook from its TOML file, and say everything that is wrong with it at once."""

import hashlib
import re
import tomllib
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final
from zoneinfo import ZoneInfo

from orbion.domain.catalogue_sheet import read_range
from orbion.domain.errors import FaultCode, RejectedError
from orbion.domain.playbook import (
    FAREWELL,
    Budget,
    Discount,
    Faq,
    Handoff,
    HandoffRule,
    Instalments,
    Item,
    Opening,
    Option,
    Playbook,
    SheetRange,
    Slot,
    SlotKind,
    Stage,
    Texts,
)
from orbion.domain.retrieval import subjects
from orbion.domain.text import normalise, words
from orbion.domain.toml_lines import line_numbers, line_of
from orbion.domain.toml_table import TomlTable
from orbion.domain.vocabulary import spelled_out

_LANGUAGE: Final = re.compile(r"[a-z]{2}(?:-[A-Z]{2})?")
_PHONE: Final = re.compile(r"[1-9]\d{9,14}")
_TRUTH: Final = frozenset(["virtual", "robo", "automatica", "automatico"])
_PLACEHOLDER: Final = re.compile(r"\{([^{}]*)\}")
_LONGEST_TEXT: Final = 1000
_HIGHEST_PERCENT: Final = 100
_LATER: Final = "{reopens}"
_RANGE_CURE: Final = 'write the tab and its cells, as "Catálogo!A1:F"'
_OPT_OUT_QUESTION: Final = "Sem problema! Quer que eu pare de te mandar mensagens por aqui?"


def load_playbook(path: Path) -> Playbook:
    """Read and check the whole file; the playbook's id is the file's name without its ending.

    Raises:
        RejectedError: input.bad, one line per fault: file, key, what is wrong and what to do.
    """
    try:
        content = path.read_bytes()
        raw = tomllib.loads(content.decode())
    except OSError as error:
        raise _rejected(path, [f"cannot be read: {error.strerror}; check the path"]) from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _rejected(path, [f"is not TOML: {error}; correct that line"]) from error
    faults: list[str] = []
    playbook = _playbook(path.stem, hashlib.sha256(content).hexdigest()[:16], raw, faults)
    if faults:
        raise _rejected(path, faults, line_numbers(content.decode()))
    return playbook


def _rejected(
    path: Path, faults: Iterable[str], lines: Mapping[str, int] = MappingProxyType({})
) -> RejectedError:
    """One line a fault, as compilers write it: file, line where it is known, key, cure."""
    placed = ((line_of(fault.split(" ", 1)[0], lines), fault) for fault in faults)
    told = (
        f"{path.name}{'' if line is None else f':{line}'}: {fault}"
        for line, fault in sorted(placed, key=lambda each: each[0] or 0)
    )
    return RejectedError(FaultCode.INPUT_BAD, "\n".join(told))


def _playbook(name: str, version: str, raw: dict[str, Any], faults: list[str]) -> Playbook:
    top = TomlTable(raw, path="", faults=faults)
    business = top.table("business", "add the table [business]")
    names = {
        "business_name": business.text("name", "add the name customers know"),
        "assistant_name": business.text("assistant", "add the virtual assistant's first name"),
    }
    playbook = Playbook(
        id=name,
        version=version,
        **names,
        greeting=_filled(business, "greeting", "add the first sentence of a new chat", names),
        tone=business.text("tone", "describe how the assistant speaks"),
        language=_language(business),
        timezone=_zone(business),
        address=business.text("address", "add the street address customers may visit"),
        hours=tuple(map(_opening, top.tables("hours", "add [[hours]]", least=1))),
        holidays=business.dates("holidays", "write dates as 2026-12-25"),
        catalogue=tuple(map(_item, top.tables("catalogue", "add [[catalogue]]"))),
        offers=business.texts("offers", "list words for what it sells"),
        national_holidays=business.flag("national_holidays", default=False),
        faq=tuple(map(_faq, top.tables("faq", "add [[faq]]"))),
        objections=tuple(map(_faq, top.tables("objections", "add [[objections]]"))),
        slots=tuple(map(_slot, top.tables("slots", "add [[slots]]", least=1))),
        stages=tuple(map(_stage, top.tables("stages", "add [[stages]]", least=1))),
        handoff=_handoff(top.table("handoff", "add the table [handoff]")),
        texts=_texts(top.table("texts", "add the table [texts]"), names),
        catalogue_sheet=_catalogue_sheet(top.optional_table("catalogue_sheet", _RANGE_CURE)),
        knowledge_folder=_knowledge(top.optional_table("knowledge", "add the table [knowledge]")),
        budget=_budget(top.optional_table("budget", "add the table [budget]")),
    )
    business.close()
    top.close()
    _check_whole(playbook, top)
    return playbook


def _zone(business: TomlTable) -> str:
    found = business.text("timezone", 'write an IANA zone, as "America/Sao_Paulo"')
    try:
        return ZoneInfo(found).key if found else found
    except (KeyError, ValueError, OSError):
        business.fault("timezone", f'is {found!r}; write an IANA zone, as "America/Sao_Paulo"')
        return found


def _language(business: TomlTable) -> str:
    cure = 'write the language, as "pt-BR"'
    found = business.text("language", cure)
    if found and not _LANGUAGE.fullmatch(found):
        business.fault("language", f"is {found!r}; {cure}")
    return found


def _budget(table: TomlTable | None) -> Budget:
    if table is None:
        return Budget()
    cure = "write the limit in reais, as 20.00"
    budget = Budget(
        day=table.optional_amount("day", cure),
        conversation=table.optional_amount("conversation", cure),
    )
    table.close()
    return budget


def _knowledge(table: TomlTable | None) -> str | None:
    if table is None:
        return None
    folder = table.text("folder", "name the folder of Markdown documents beside this file")
    table.close()
    return folder


def _catalogue_sheet(table: TomlTable | None) -> SheetRange | None:
    if table is None:
        return None
    text = table.text("range", _RANGE_CURE)
    found = read_range(text)
    if text and found is None:
        table.fault("range", f"is {text!r}; {_RANGE_CURE}")
    table.close()
    return found


def _away(table: TomlTable, key: str, names: dict[str, str]) -> str:
    """A sentence for closed hours, in which {reopens} stays to be filled when it is said."""
    later = {**names, _LATER[1:-1]: _LATER}
    return _filled(table, key, "", later) if key in table else ""


def _filled(
    table: TomlTable, key: str, cure: str, names: dict[str, str], *, default: str | None = None
) -> str:
    """A sentence in which {business_name} and {assistant_name} stand for the names."""
    text = table.text(key, cure, default=default)
    if len(text) > _LONGEST_TEXT:
        table.fault(key, f"is longer than {_LONGEST_TEXT} characters; make it short")
    for placeholder in _PLACEHOLDER.findall(text):
        if placeholder not in names:
            table.fault(key, f"has {{{placeholder}}}; only {{{'} and {'.join(names)}}} are filled")
    return _PLACEHOLDER.sub(lambda found: names.get(found[1], found[0]), text)


def _opening(table: TomlTable) -> Opening:
    opening = Opening(
        label=table.text("label", 'say the days, as "de segunda a sexta"'),
        days=table.numbers("days", "list week days: 1 is Monday, 7 is Sunday"),
        opens=table.clock("opens", 'write the time as "08:00"'),
        closes=table.clock("closes", 'write the time as "18:00"'),
    )
    if not set(opening.days) <= set(range(1, 8)):
        table.fault("days", "must be from 1 (Monday) to 7 (Sunday)")
    if opening.closes < opening.opens:
        table.fault("closes", "is before opens; write two rows for hours that pass midnight")
    table.close()
    return opening


def _item(table: TomlTable) -> Item:
    item = Item(
        id=table.slug("id", "add a short name for this price"),
        name=table.text("name", "add the name customers read"),
        price=table.amount("price", "write the price in reais, as 12900.00"),
        unit=table.text("unit", "", default=""),
        aliases=_phrases(table, "aliases", "list other names of it"),
        instalments=_instalments(table.optional_table("instalments", "write { count, amount }")),
        discount=_discount(table.optional_table("discount", "write { percent, condition }")),
    )
    table.close()
    return item


def _instalments(table: TomlTable | None) -> Instalments | None:
    if table is None:
        return None
    found = Instalments(
        count=table.number("count", "write how many payments there are", least=2),
        amount=table.amount("amount", "write one payment in reais, as 99.00"),
    )
    table.close()
    return found


def _discount(table: TomlTable | None) -> Discount | None:
    if table is None:
        return None
    found = Discount(
        percent=table.number("percent", "write the most that may be promised", least=1),
        condition=table.text("condition", 'say when it holds, as "no Pix"'),
    )
    if found.percent >= _HIGHEST_PERCENT:
        table.fault("percent", f"is {found.percent}; it must be below {_HIGHEST_PERCENT}")
    table.close()
    return found


def _faq(table: TomlTable) -> Faq:
    questions = table.texts("questions", "list ways people ask it", least=1)
    topics = table.texts("topics", "list words that mean this answer alone")
    said = [spelled_out(phrase) for phrase in (*questions, *topics)]
    entry = Faq(
        id=table.slug("id", "add a short name for this answer"),
        questions=questions,
        subjects=tuple(map(subjects, said[: len(questions)])),
        words=frozenset(word for phrase in said for word in phrase.split()),
        topics=tuple(map(subjects, said[len(questions) :])),
        answer=table.text("answer", "add the answer customers read"),
    )
    table.close()
    return entry


def _slot(table: TomlTable) -> Slot:
    slot = Slot(
        key=table.slug("key", "add a short name for this value"),
        label=table.text("label", "add the column title people read"),
        question=table.text("question", "add the sentence the assistant should ask"),
        weight=table.number("weight", "add how many points it gives to the score"),
        kind=table.choice("kind", SlotKind),
        required=table.flag("required", default=True),
        options=tuple(map(_option, table.tables("options", "add [[slots.options]]"))),
        cues=_phrases(table, "cues", "list words that come with the value"),
        least=table.optional_amount("least", "write the least in reais, as 50.00"),
        most=table.optional_amount("most", "write the most in reais, as 50000.00"),
    )
    if slot.kind is not SlotKind.MONEY and (slot.least, slot.most) != (None, None):
        table.fault("least" if slot.least else "most", 'belongs to kind "money"; remove it')
    if slot.least and slot.most and slot.most < slot.least:
        table.fault("most", "is below least; swap them")
    if bool(slot.options) != (slot.kind is SlotKind.OPTION):
        table.fault("options", 'belong to kind "option", which needs at least two of them')
    if slot.question and not slot.question.endswith("?"):
        table.fault("question", "does not end with a question mark; ask one question")
    table.close()
    return slot


def _option(table: TomlTable) -> Option:
    option = Option(
        value=table.text("value", "add the value that is stored"),
        aliases=_phrases(table, "aliases", "list phrases that always mean it"),
        replies=_phrases(table, "replies", "list phrases that mean it as an answer"),
    )
    table.close()
    return option


def _stage(table: TomlTable) -> Stage:
    stage = Stage(
        key=table.slug("key", "add a short name for this stage"),
        label=table.text("label", "add the title people read"),
        threshold=table.number("threshold", "add the score from which it holds"),
        requires=table.texts("requires", "list the keys of slots that must be known"),
        probability=_probability(table),
    )
    table.close()
    return stage


def _probability(table: TomlTable) -> int | None:
    cure = "write how many of a hundred such leads are won"
    percent = table.number("probability", cure) if "probability" in table else None
    if percent and percent > _HIGHEST_PERCENT:
        table.fault("probability", f"is {percent}; {cure}")
    return percent


def _handoff(table: TomlTable) -> Handoff:
    handoff = Handoff(
        message=table.text("message", "add what is said when a person takes over"),
        rules=tuple(map(_rule, table.tables("rules", "add [[handoff.rules]]"))),
        owner_phone=_owner(table),
    )
    table.close()
    return handoff


def _owner(table: TomlTable) -> str | None:
    cure = 'write who is told, country code first, digits only, as "5511987654321"'
    found = table.text("owner_phone", cure, default="")
    if found and not _PHONE.fullmatch(found):
        table.fault("owner_phone", f"is no phone number; {cure}")
    return found or None


def _rule(table: TomlTable) -> HandoffRule:
    rule = HandoffRule(
        reason=table.slug("reason", "name why a person is called"),
        phrases=_phrases(table, "phrases", "list phrases that call a person", least=1),
    )
    table.close()
    return rule


def _texts(table: TomlTable, names: dict[str, str]) -> Texts:
    cure = "add this sentence of the assistant"
    texts = Texts(
        opt_out_confirmation=_filled(table, "opt_out_confirmation", cure, names),
        opt_out_question=_filled(table, "opt_out_question", cure, names, default=_OPT_OUT_QUESTION),
        opt_in_confirmation=_filled(table, "opt_in_confirmation", cure, names),
        fallback=_filled(table, "fallback", cure, names),
        media_unsupported=_filled(table, "media_unsupported", cure, names),
        identity=_filled(table, "identity", cure, names),
        welcome_back=_filled(table, "welcome_back", cure, names),
        thanks=_filled(table, "thanks", cure, names),
        moving_on=_filled(table, "moving_on", cure, names),
        price_intro=_filled(table, "price_intro", cure, names),
        complete=_filled(table, "complete", cure, names),
        acknowledgements=table.texts("acknowledgements", cure, least=1),
        away=_away(table, "away", names),
        handoff_away=_away(table, "handoff_away", names),
        farewell=_filled(table, "farewell", cure, names, default=FAREWELL),
    )
    if texts.identity and _TRUTH.isdisjoint(words(texts.identity)):
        table.fault("identity", 'hides the truth; say "assistente virtual" in it')
    table.close()
    return texts


def _phrases(table: TomlTable, key: str, cure: str, *, least: int = 0) -> tuple[str, ...]:
    phrases = tuple(map(normalise, table.texts(key, cure, least=least)))
    if not all(phrases):
        table.fault(key, f"holds a phrase without a letter or digit; {cure}")
    return phrases


def _check_whole(playbook: Playbook, top: TomlTable) -> None:
    """What no single table can see: names used twice, and the ladder of the stages."""
    for key, names in (
        ("catalogue", [item.id for item in playbook.catalogue]),
        ("faq", [entry.id for entry in playbook.knowledge]),
        ("slots", [slot.key for slot in playbook.slots]),
        ("stages", [stage.key for stage in playbook.stages]),
    ):
        for name, times in Counter(filter(None, names)).items():
            if times > 1:
                top.fault(key, f"has {name!r} {times} times; give each its own name")
    _check_stages(playbook, top)


def _check_stages(playbook: Playbook, top: TomlTable) -> None:
    known = {slot.key for slot in playbook.slots}
    for place, stage in enumerate(playbook.stages):
        for key in stage.requires:
            if key not in known:
                top.fault(f"stages[{place}].requires", f"has {key!r}, which is no slot; correct it")
    if playbook.stages and playbook.stages[0].requires:
        top.fault("stages[0].requires", "is not for the first stage, where all begin; remove it")
    thresholds = [stage.threshold for stage in playbook.stages]
    if thresholds and (thresholds[0] != 0 or thresholds != sorted(set(thresholds))):
        top.fault("stages", "must begin at threshold 0 and go up; reorder them")
    odds = [stage.probability for stage in playbook.stages if stage.probability is not None]
    if odds != sorted(odds):
        top.fault("stages", "fall in probability; a later stage is never less likely to be won")
    most = sum(slot.weight for slot in playbook.slots)
    if thresholds and thresholds[-1] > most:
        top.fault("stages", f"end at {thresholds[-1]}, but the slots give {most} points at most")
