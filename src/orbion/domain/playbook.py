"""Everything one business tells its assistant: identity, prices, answers, questions and rules.

Whatever is compared with a customer's words (aliases, replies, cues, phrases) is kept normalised.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, time
from enum import StrEnum
from functools import cached_property
from itertools import groupby
from math import sqrt
from operator import itemgetter
from typing import Final

from orbion.domain.vocabulary import spelled_out

FAREWELL: Final = "Tudo bem, agradeço por avisar. Se mudar de ideia, é só me chamar por aqui."


class SlotKind(StrEnum):
    """How a slot's value is read out of the customer's words, and validated."""

    NAME = "name"
    CITY = "city"
    OPTION = "option"
    MONEY = "money"
    EMAIL = "email"
    PHONE = "phone"
    CPF = "cpf"
    DATE = "date"
    TIME = "time"
    COMPANY = "company"
    NEIGHBORHOOD = "neighborhood"
    BEDROOMS = "bedrooms"
    CHILD_NAME = "child_name"
    CHILD_AGE = "child_age"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """`aliases` mean this value wherever they stand, `replies` only in answer to the question."""

    value: str
    aliases: tuple[str, ...]
    replies: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """One thing to learn; `cues` make a number in a message nobody asked for its value."""

    key: str
    label: str
    question: str
    weight: int
    kind: SlotKind
    required: bool
    options: tuple[Option, ...]
    cues: tuple[str, ...]
    least: int | None = None
    most: int | None = None

    def accepts(self, centavos: int) -> bool:
        """Whether an amount lies within `least` and `most`, both in centavos."""
        return (self.least is None or centavos >= self.least) and (
            self.most is None or centavos <= self.most
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Instalments:
    """`count` payments of `amount` centavos each."""

    count: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """The most that may be promised, in percent, and on which condition."""

    percent: int
    condition: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """Something with a price, in centavos."""

    id: str
    name: str
    price: int
    unit: str
    aliases: tuple[str, ...]
    instalments: Instalments | None = None
    discount: Discount | None = None

    @property
    def fact_id(self) -> str:
        return f"price:{self.id}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRange:
    """Cells of a tab in A1 notation, as «A1:F»."""

    tab: str
    area: str


@dataclass(frozen=True, kw_only=True)
class Faq:
    """One answer and the ways people ask for it.

    `subjects` are the stems of each question, `words` all their words; the stems of a topic mean
    this entry whatever is said beside them.
    """

    id: str
    questions: tuple[str, ...]
    subjects: tuple[frozenset[str], ...]
    words: frozenset[str]
    topics: tuple[frozenset[str], ...]
    answer: str

    @property
    def fact_id(self) -> str:
        return f"faq:{self.id}"

    @cached_property
    def stems(self) -> frozenset[str]:
        return frozenset().union(*self.subjects, *self.topics)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Reached when the score is at least `threshold` and every slot in `requires` is known.

    `probability` is what the business expects of leads that stand here: so many percent are won.
    """

    key: str
    label: str
    threshold: int
    requires: tuple[str, ...] = ()
    probability: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandoffRule:
    """A subject that belongs to a person: any of `phrases` hands over for `reason`."""

    reason: str
    phrases: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Handoff:
    """`owner_phone` is told of each one, unless the account names another; digits only."""

    message: str
    rules: tuple[HandoffRule, ...]
    owner_phone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """`days` are ISO week days (1 = Monday); `label` says them to the customer."""

    label: str
    days: tuple[int, ...]
    opens: time
    closes: time


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What model calls may cost, in centavos, if the operator allows it; None = no own limit."""

    day: int | None = None
    conversation: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Texts:
    """The assistant's fixed sentences; `acknowledgements` take turns.

    `away` and `handoff_away` are said while the business is closed; "" = nothing of the kind.
    In both, {reopens} stands for when it opens again. `farewell` is for who gives up.
    """

    opt_out_confirmation: str
    opt_out_question: str
    opt_in_confirmation: str
    fallback: str
    media_unsupported: str
    identity: str
    welcome_back: str
    thanks: str
    moving_on: str
    price_intro: str
    complete: str
    acknowledgements: tuple[str, ...]
    away: str = ""
    handoff_away: str = ""
    farewell: str = FAREWELL


@dataclass(frozen=True, kw_only=True)
class Playbook:
    """`version` is a digest of the file; `stages` go up by threshold and start at 0.

    `objections` are answered like `faq`, but their questions are what customers object.
    `holidays` are closed days of its own, beside Brazil's when `national_holidays`; `offers` are
    words for what it sells at large, as «mensalidade». `knowledge_folder` holds its Markdown
    documents, beside the file. `catalogue_sheet` is the part of the business's sheet that holds its
    catalogue; `catalogue` serves while that cannot be read.
    """

    id: str
    version: str
    business_name: str
    assistant_name: str
    greeting: str
    tone: str
    language: str
    timezone: str
    address: str
    hours: tuple[Opening, ...]
    holidays: tuple[date, ...]
    catalogue: tuple[Item, ...]
    faq: tuple[Faq, ...]
    slots: tuple[Slot, ...]
    stages: tuple[Stage, ...]
    handoff: Handoff
    texts: Texts
    objections: tuple[Faq, ...] = ()
    offers: tuple[str, ...] = ()
    national_holidays: bool = False
    budget: Budget = field(default_factory=Budget)
    knowledge_folder: str | None = None
    catalogue_sheet: SheetRange | None = None

    @property
    def knowledge(self) -> tuple[Faq, ...]:
        return self.faq + self.objections

    @cached_property
    def known_words(self) -> Mapping[str, Sequence[str]]:
        """All words of the questions that it answers, by their first letter, sorted."""
        every = sorted(frozenset().union(*(entry.words for entry in self.knowledge)))
        return {first: tuple(words) for first, words in groupby(every, key=itemgetter(0))}

    @cached_property
    def stem_weights(self) -> Mapping[str, float]:
        """What each stem tells of the subject: less, the more entries share it."""
        counts = Counter(stem for entry in self.knowledge for stem in entry.stems)
        return {stem: 1 / sqrt(count) for stem, count in counts.items()}

    @cached_property
    def item_names(self) -> Mapping[str, Sequence[str]]:
        """How the item of an id may be called, without accents and case."""
        return {
            item.id: tuple(map(spelled_out, (item.name, *item.aliases))) for item in self.catalogue
        }

    def slot(self, key: str | None) -> Slot | None:
        return next((slot for slot in self.slots if slot.key == key), None)
