"""Writes the bundled price table of agent-metrics from the data of the `genai-prices` package.

    python3 tools/prices.py [YYYY-MM-DD]

The table contains the prices that apply on the given day, by default today (UTC), and all later ones that the source
announces. `price-corrections.toml` beside this file lists where the source is outdated. A correction that the source
agrees with is not applied, and the script prints that it can be removed. `metrics-core/src/pricing/bundled.rs` documents
the format.
"""

import re
import sys
import tomllib
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.metadata import distribution, version
from pathlib import Path

from genai_prices import types
from genai_prices.data import providers

ROOT = Path(__file__).parent.parent
OUTPUT = ROOT / "metrics-core/src/pricing/data"
CORRECTIONS = Path(__file__).parent / "price-corrections.toml"

# The sellers in the table, and the prefixes with which other hosts name the models of each (`openai/gpt-oss-120b` on
# Groq). The first twelve develop models and sell them under names that identify them without a provider.
SELLERS = {
    "anthropic": ["anthropic"],
    "cohere": ["cohere"],
    "deepseek": ["deepseek", "deepseek-ai"],
    "google": ["google"],
    "meta": ["meta"],
    "minimax": ["minimax", "minimaxai"],
    "mistral": ["mistralai"],
    "moonshotai": ["moonshotai"],
    "openai": ["openai"],
    "voyageai": ["voyageai"],
    "x-ai": ["x-ai"],
    "zhipuai": ["zhipuai"],
    "zai": ["z-ai", "zai-org"],
    "perplexity": ["perplexity"],
    "aws": ["amazon"],
    "groq": [],
    "cerebras": [],
}

# The beginnings of the names of open models. Other hosts sell them under the same names at prices of their own.
OPEN = {
    "cohere": ["command-r"],
    "deepseek": [""],
    "google": ["gemma-"],
    "minimax": [""],
    "mistral": [""],
    "moonshotai": [""],
    "openai": ["gpt-oss"],
    "zhipuai": [""],
    "zai": [""],
}

# Sellers whose prices don't make a name ambiguous: resellers that discount every model, and subscriptions.
RESELLERS = {"quicksilverpro", "github-copilot", "cursor"}

# Clauses by which a name identifies a seller, in addition to those of the source, which leaves these models without one.
MORE_NAMES = {
    "cohere": ["^embed-", "*aya-expanse", "=command"],
    "google": ["^gemma-"],
    "mistral": ["^zai-glm", "=deepseek-v4-1-flash-1017"],
    "minimax": ["=m2-her"],
    "openai": [
        "^text-embedding-", "^ft:", "^codex-mini", "^computer-use", "^chatgpt-", "=chat-latest", "^text-davinci-",
        "^text-curie-", "^text-ada-", "=davinci", "=davinci-002", "=curie", "=babbage", "=babbage-002", "=ada",
        "*-moderation", "=moderation",
    ],
    "perplexity": ["^sonar", "=r1-1776", "*-sonar-", "^pplx-"],
    "aws": ["*amazon.nova"],
    "zai": ["^glm-"],
}

# The mark of each rate in the output, and its field in the source.
PARTS = {
    "r": "cache_read_mtok",
    "w": "cache_write_mtok",
    "l": "cache_write_1h_mtok",
    "a": "input_audio_mtok",
    "A": "output_audio_mtok",
    "i": "input_image_mtok",
    "I": "output_image_mtok",
    "c": "cache_audio_read_mtok",
}

# The mark of each fee, and its fields in the source.
FEES = {
    "s": ["web_searches_kcount"],
    "q": ["requests_kcount"],
    "h": ["input_audio_hours", "audio_hours"],
}

# The mark of each service tier, and its condition in the source.
VARIANTS = {
    "f": {"service_tier": "flex"},
    "p": {"service_tier": "priority"},
    "b": {"processing": "batch"},
    "t": {"speed": "fast"},
}

# The clauses of regular expressions that `digits` can't convert.
REGEXES = {
    "^o[134]": ["^o1", "^o3", "^o4"],
    "^(?!.*-[tT][tT][sS](?:$|-))": ["!-tts"],
    "^(?![^/]+/)(?:labs-)?(?:(?:mi|code|dev|magi|mini)stral|mixtral|pixtral|voxtral|open-(?:mistral|mixtral))": [
        f"^{labs}{name}"
        for labs in ("", "labs-")
        for name in (
            "mistral", "codestral", "devstral", "magistral", "ministral", "mixtral", "pixtral", "voxtral",
            "open-mistral", "open-mixtral",
        )
    ],
}


def clauses(match) -> list[str]:
    """Converts a clause of the source to a list of alternative clauses."""
    match match:
        case types.ClauseOr(or_=parts):
            return list(dict.fromkeys(clause for part in parts for clause in clauses(part)))
        case types.ClauseAnd(and_=parts):
            together = [clauses(part) for part in parts]
            if any(len(part) != 1 for part in together):
                raise SystemExit(f"cannot convert alternatives inside {match}")
            return ["&".join(part[0] for part in together)]
        case types.ClauseEquals(equals=text):
            return [literal("=", text)]
        case types.ClauseStartsWith(starts_with=text):
            return [literal("^", text)]
        case types.ClauseEndsWith(ends_with=text):
            return [literal("$", text)]
        case types.ClauseContains(contains=text):
            return [literal("*", text)]
        case types.ClauseRegex(regex=text):
            return REGEXES.get(text) or digits(text)
        case None:
            return []
    raise SystemExit(f"unknown kind of clause: {match}")


def literal(kind: str, text: str) -> str:
    if re.search(r"[\s#&]", text):
        raise SystemExit(f"cannot be written in the output format: {text}")
    return kind + text.lower()


def digits(regex: str) -> list[str]:
    """Converts a regular expression whose only wildcards are digits and one set of characters, such as `[-@]`."""
    whole = regex.endswith("$")
    text = regex.removeprefix("^").removesuffix("$").replace(r"\.", ".")
    text = re.sub(r"\\d\{(\d+)\}", lambda found: "#" * int(found[1]), text).replace(r"\d", "#")
    texts = [text]
    if choice := re.search(r"\[([-@]+)\]", text):
        texts = [text.replace(choice[0], character) for character in choice[1]]
    if not regex.startswith("^") or any(re.search(r"[\\^$*+?()\[\]{}|\s&]", text) for text in texts):
        raise SystemExit(f"cannot convert this expression; add it to REGEXES: {regex}")
    return [("=" if whole else "^") + text.lower() for text in texts]


class Line:
    """The models of one price in the output."""

    def __init__(self, clauses, periods, mark=""):
        self.clauses, self.periods, self.mark = clauses, periods, mark

    def __str__(self):
        return " ".join(self.clauses) + "\t" + self.mark + " @".join(self.periods)


def lines(provider, day: date) -> list[Line]:
    """Returns the models of a provider, without those whose clauses all come after a clause that includes them."""
    found = []
    for model in provider.models:
        if provider.id == "aws" and "amazon.nova" not in model.id:
            continue
        # Google Cloud sells Anthropic's models at Anthropic's prices.
        if provider.id == "google" and "claude" in model.id:
            continue
        # A host's model without any price isn't free.
        if not SELLERS[provider.id] and isinstance(model.prices, types.ModelPrice) and not any(model.prices.__dict__.values()):
            continue
        # Prefixes are removed before a name is looked up.
        own = [clause for clause in clauses(model.match) if not clause.startswith((f"^{provider.id}/", f"^{provider.id}:"))]
        found.append(Line(own, periods(model, day)))
    return found


def periods(model, day: date) -> list[str]:
    """Returns the text of a model's price on a day, and of each later price after the day on which it begins."""
    dated = list(model.prices) if isinstance(model.prices, list) else []
    dated += model.price_variants or []
    starts = {c.constraint.start_date for c in dated if isinstance(c.constraint, types.StartDateConstraint)}
    texts = [period(model, day)]
    for start in sorted(start for start in starts if start > day):
        text = period(model, start)
        if text != texts[-1].split(" ", 1)[-1] and text != texts[-1]:
            texts.append(f"{start} {text}")
    return texts


def period(model, day: date) -> str:
    """Returns the text of the prices on a day: the standard price, other prices by the hour, other service tiers."""
    if isinstance(model.prices, types.ModelPrice):
        standard, hours = model.prices, []
    else:
        standard, hours = model.prices[0].prices, []
        for price in reversed(model.prices):
            constraint = price.constraint
            if isinstance(constraint, types.TimeOfDateConstraint):
                hours.append((constraint, price.prices))
            elif constraint is None or constraint.start_date <= day:
                standard = price.prices
                break
    stored = {key: value for key, value in standard.__dict__.items() if value is not None}
    text = price_text(stored)
    if text == "-":
        return text
    for constraint, price in reversed(hours):
        begin, end = (moment.strftime("%H%M") for moment in (constraint.start_time, constraint.end_time))
        text += f" %{begin}-{end} {price_text(price.__dict__)}"
    noon = datetime.combine(day, time(12), UTC)
    for mark, when in VARIANTS.items():
        changed = {key: value for key, value in model.get_prices(noon, when).__dict__.items() if value is not None}
        if not hours and changed != stored:
            # OpenAI's tier `fast` is another name of `priority`.
            marks = "pt" if mark == "p" and model.get_prices(noon, {"service_tier": "fast"}) == model.get_prices(noon, when) else mark
            text += f" /{marks}{factor_text(stored, changed) or ' ' + price_text(changed)}"
    return text


def amounts(stored: dict) -> dict:
    """Returns every amount per token by its field and the start of its tier."""
    found = {}
    for key, value in stored.items():
        if key in ("input_mtok", "output_mtok", *PARTS.values()):
            found[key, 0] = value.base if isinstance(value, types.TieredPrices) else value
            for tier in value.tiers if isinstance(value, types.TieredPrices) else []:
                found[key, tier.start] = tier.price
    return found


def factor_text(stored: dict, changed: dict) -> str | None:
    """Returns the factor between two prices, if there is one for all amounts."""
    before, after = amounts(stored), amounts(changed)
    if before.keys() != after.keys():
        return None
    factors = {after[key] / amount for key, amount in before.items() if amount}
    if len(factors) != 1 or any(after[key] for key, amount in before.items() if not amount):
        return None
    factor = short(factors.pop().normalize())
    return "*" + factor if len(factor) < 6 else None


def price_text(stored: dict) -> str:
    stored = {key: value for key, value in stored.items() if value is not None}
    fees = [(mark, stored[key]) for mark, keys in FEES.items() for key in keys[:2] if key in stored]
    fees = [mark + short(amount) for mark, amount in dict(reversed(fees)).items()]
    if stored and not any(key in stored for key in ("input_mtok", "output_mtok")):
        # Only audio by the hour can be billed without token prices.
        return " ".join(["-", *fees]) if any(fee.startswith("h") for fee in fees) else "-"
    starts = {t.start for v in stored.values() if isinstance(v, types.TieredPrices) for t in v.tiers}
    rates = [" ".join([rates_text(stored, None), *fees])]
    rates += [f">{start} {rates_text(stored, start)}" for start in sorted(starts)]
    return " ".join(rates)


def rates_text(stored: dict, start: int | None) -> str:
    def at(key: str) -> str | None:
        value = stored.get(key)
        if isinstance(value, types.TieredPrices):
            tier_prices = [tier.price for tier in value.tiers if start is not None and tier.start <= start]
            value = tier_prices[-1] if tier_prices else value.base
        return None if value is None else short(value)

    plain = [at("input_mtok") or "0", at("output_mtok") or "0"]
    return " ".join(plain + [mark + amount for mark, key in PARTS.items() if (amount := at(key)) is not None])


def short(amount) -> str:
    text = f"{amount:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text[1:] if text.startswith("0.") else text


def matches(clause: str, name: str) -> bool:
    """Returns true if a clause of the output matches a name, as `bundled.rs` does."""

    def part(text: str) -> bool:
        kind, text = text[0], re.escape(text[1:]).replace(r"\#", "[0-9]")
        match kind:
            case "=":
                return re.fullmatch(text, name) is not None
            case "^":
                return re.match(text, name) is not None
            case "$":
                return re.search(text + r"\Z", name) is not None
            case "*":
                return re.search(text, name) is not None
            case "!":
                return re.search(text + "(?:-|$)", name) is None

    return all(part(text) for text in clause.split("&"))


def line_of(table: list[Line], name: str) -> Line | None:
    return next((line for line in table if any(matches(clause, name) for clause in line.clauses)), None)


def example(clause: str) -> str:
    """Returns a name that a clause matches."""
    return clause.split("&")[0][1:].replace("#", "2")


def names(match):
    """Returns the names in a clause of the source."""
    for part in getattr(match, "or_", None) or getattr(match, "and_", None) or []:
        yield from names(part)
    for field in ("equals", "starts_with"):
        if text := getattr(match, field, None):
            yield text.lower()


def mark_ambiguous(table: dict[str, list[Line]], day: date) -> None:
    """Marks the models whose names another seller uses for a model at another price.

    `~` marks a bare name, which has a price only if the provider is known; `?` marks a name that is ambiguous only with
    the prefix of its vendor, which hosts of open models use.
    """
    noon = datetime.combine(day, time(12), UTC)
    for host in providers:
        if host.id in RESELLERS:
            continue
        for model in host.models:
            stored = {key: value for key, value in model.get_prices(noon).__dict__.items() if value is not None}
            price = amounts(stored).get(("input_mtok", 0)), amounts(stored).get(("output_mtok", 0))
            for name in names(model.match):
                prefix, _, bare = name.rpartition("/")
                for seller, prefixes in SELLERS.items():
                    if seller == host.id or prefix and prefix.split("/")[-1] not in prefixes:
                        continue
                    if ":" in name or not any(bare.startswith(open_name) for open_name in OPEN.get(seller, [])):
                        continue
                    # OpenRouter's names all have a prefix, which its clauses leave out.
                    if not prefix and host.id == "openrouter":
                        prefix = prefixes[0]
                    line = line_of(table[seller], bare)
                    if line and not same_price(line.periods[0], price):
                        if not prefix and identifies(table, seller, bare):
                            line.mark = "~"
                        elif prefix and line.mark != "~":
                            line.mark = "?"


GATES = {}


def identifies(table, seller: str, name: str) -> bool:
    return any(matches(clause, name) for clause in GATES[seller])


def same_price(text: str, price: tuple) -> bool:
    words = text.split(" %")[-1].split(" ")
    words = words[1:] if "-" in words[0] else words
    return len(words) > 1 and [Decimal(word) for word in words[:2]] == [amount or Decimal(0) for amount in price]


def correct(table: dict[str, list[Line]]) -> None:
    """Applies the corrections, except for those that the source agrees with."""
    corrections = tomllib.loads(CORRECTIONS.read_text(), parse_float=Decimal)
    for entry in corrections["price"]:
        known = table[entry["vendor"]]
        like = entry.get("like")
        # A model that is sold like another one has all its prices.
        price = "" if entry.get("remove") else line_of(known, like).periods if like else [price_text(source_fields(entry))]
        news = []
        for clause in entry["names"]:
            line = line_of(known, example(clause))
            if (line is None) if entry.get("remove") else (line is not None and line.periods == price):
                print(f"The source agrees with the correction of `{clause}`; remove it.", file=sys.stderr)
            else:
                news.append(clause)
        for line in known:
            line.clauses = [clause for clause in line.clauses if clause not in news]
        known[:] = [line for line in known if line.clauses]
        if news and price:
            known.insert(0, Line(news, list(price)))
    for entry in corrections["variant"]:
        for clause in entry["names"]:
            line = line_of(table[entry["vendor"]], example(clause))
            if line is None:
                raise SystemExit(f"the variant of `{clause}` has no model")
            mark = entry["mark"]
            if re.search(f" /[a-z]*{mark}", line.periods[0]):
                print(f"The source has a price for the tier `{mark}` of `{clause}`; remove it.", file=sys.stderr)
            elif "like" in entry:
                # The tier has the price of another tier.
                line.periods = [text.replace(f" /{entry['like']}", f" /{entry['like']}{mark}") for text in line.periods]
            else:
                line.periods = [f"{text} /{mark}*{short(Decimal(entry['factor']))}" for text in line.periods]


def source_fields(entry: dict) -> dict:
    """Returns the price in a correction, whose fields are those of the source."""
    tiers = entry.get("tiers", [])
    fields = {key: Decimal(value) for key, value in entry.items() if key.endswith(("_mtok", "_kcount", "_hours"))}
    for key in fields:
        at = [types.Tier(start=tier["above"], price=Decimal(tier[key])) for tier in tiers if key in tier]
        if at:
            fields[key] = types.TieredPrices(base=fields[key], tiers=at)
    return fields


def add_regional(table: dict[str, list[Line]], day: date) -> None:
    """Adds the factor of regional endpoints on Amazon Bedrock to Anthropic's models that are sold there."""
    aws = next(provider for provider in providers if provider.id == "aws")
    noon = datetime.combine(day, time(12), UTC)
    for line in table["anthropic"]:
        for name in (example(clause) for clause in line.clauses):
            found = [aws.find_model(f"us.anthropic.{name}{end}") for end in ("", "-v1:0", "-v1", "-20250929-v1:0", "-20251001-v1:0", "-20250514-v1:0", "-20250805-v1:0", "-20241022-v1:0", "-20240620-v1:0", "-20250219-v1:0", "-20240229-v1:0", "-20240307-v1:0")]
            model = next((model for model in found if model), None)
            if model:
                price = model.get_prices(noon).output_mtok
                price = price.base if isinstance(price, types.TieredPrices) else price
                ratio = price / Decimal(line.periods[0].split(" ")[1])
                line.periods = [f"{text} /r*{short(ratio.normalize())}" for text in line.periods]
                break


def gates(provider, table: list[Line]) -> list[str]:
    """Returns the clauses by which a name identifies a seller."""
    if provider.id in ("groq", "cerebras"):
        return []
    found = [*clauses(provider.model_match), *MORE_NAMES.get(provider.id, [])]
    for line in table:
        for clause in line.clauses:
            name = example(clause)
            # A part of a name may follow the beginning of one.
            possible = [name] if clause[0] not in "*$" else [name, *(gate[1:] + name for gate in found)]
            reachable = any(matches(gate, name) for gate in found for name in possible)
            if "/" not in name and not reachable:
                raise SystemExit(f"no clause of MORE_NAMES[{provider.id!r}] matches {name}")
    return list(dict.fromkeys(found))


def main() -> None:
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC).date()
    release = version("genai-prices")
    sold = [next(provider for provider in providers if provider.id == seller) for seller in SELLERS]
    table = {provider.id: lines(provider, day) for provider in sold}
    for provider in sold:
        GATES[provider.id] = gates(provider, table[provider.id])
    correct(table)
    add_regional(table, day)
    mark_ambiguous(table, day)
    output = [
        f"# genai-prices {release}",
        f"# {day}",
        "# Written by tools/prices.py from the data of that package (MIT, see LICENSE-genai-prices beside this file).",
    ]
    for provider in sold:
        output.append(" ".join([f"@{provider.id}", *GATES[provider.id]]))
        output += [str(line) for line in table[provider.id]]
    text = "\n".join(output) + "\n"
    (OUTPUT / "prices.txt").write_text(text)
    print(f"{len(text.encode())} bytes", file=sys.stderr)
    licence = next(file for file in distribution("genai-prices").files if file.name == "LICENSE")
    notice = "`prices.txt` is derived from the data of `genai-prices` (github.com/pydantic/genai-prices), under this licence:\n\n"
    (OUTPUT / "LICENSE-genai-prices").write_text(notice + licence.read_text())


main()
