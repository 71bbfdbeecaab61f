"""Writes the bundled price table of agent-metrics from the data of the `genai-prices` package.

    python3 tools/prices.py [YYYY-MM-DD]

The table contains the prices that apply on the given day, by default today (UTC). `metrics-core/src/pricing/bundled.rs`
documents the format.
"""

import re
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from importlib.metadata import distribution, version
from pathlib import Path

from genai_prices import types
from genai_prices.data import providers

OUTPUT = Path(__file__).parent.parent / "metrics-core/src/pricing/data"

# Vendors that develop models. Their models are identified by name alone, without a provider.
VENDORS = {
    "anthropic", "cohere", "deepseek", "google", "meta", "minimax", "mistral", "moonshotai", "openai", "voyageai",
    "x-ai", "zhipuai",
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
            return [clause for part in parts for clause in clauses(part)]
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


def price_on(model, day: date):
    """Returns the price on a day; if it depends on the hour, the one that applies for most of the day."""
    if isinstance(model.prices, types.ModelPrice):
        return model.prices
    midnight = datetime.combine(day, time(), UTC)
    hours = [model.get_prices(midnight + timedelta(minutes=30 * half)) for half in range(48)]
    most_common, _ = Counter(map(str, hours)).most_common(1)[0]
    return next(price for price in hours if str(price) == most_common)


def price_text(price) -> str:
    stored = {key: value for key, value in price.__dict__.items() if value is not None}
    if stored and not any(key in stored for key in ("input_mtok", "output_mtok")):
        return "-"
    starts = {t.start for v in stored.values() if isinstance(v, types.TieredPrices) for t in v.tiers}
    rates = [rates_text(stored, None)]
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


def main() -> None:
    day = date.fromisoformat(sys.argv[1]) if len(sys.argv) > 1 else datetime.now(UTC).date()
    release = version("genai-prices")
    lines = [
        f"# genai-prices {release}",
        f"# {day}",
        "# Written by tools/prices.py from the data of that package (MIT, see LICENSE-genai-prices beside this file).",
    ]
    for provider in providers:
        if provider.id in VENDORS:
            lines.append(" ".join([f"@{provider.id}", *clauses(provider.model_match)]))
            for model in provider.models:
                lines.append(" ".join(clauses(model.match)) + "\t" + price_text(price_on(model, day)))
    (OUTPUT / "prices.txt").write_text("\n".join(lines) + "\n")
    licence = next(file for file in distribution("genai-prices").files if file.name == "LICENSE")
    notice = "`prices.txt` is derived from the data of `genai-prices` (github.com/pydantic/genai-prices), under this licence:\n\n"
    (OUTPUT / "LICENSE-genai-prices").write_text(notice + licence.read_text())


main()
