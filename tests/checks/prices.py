# The costs by `genai-prices` of many names of the models in the bundled table; run by `prices.rs`, which sets RELEASE, DAY,
# SELLERS, CORRECTIONS (the text of `tools/price-corrections.toml`), TIERS and USAGES. Prints a line for each name, its seller, its service tier and a time, in seconds since
# 1970: these, tabs, and the cost of each usage, or `-` for a model without a price.
import re
import tomllib
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version

from genai_prices import Usage, types
from genai_prices.data_snapshot import get_snapshot

snapshot = get_snapshot()
noon = datetime.fromisoformat(DAY).replace(hour=12, tzinfo=UTC)
# The day of the data, at night and by day, and days after every announced change.
TIMES = [noon, noon - timedelta(hours=9), noon + timedelta(days=20), datetime(2027, 6, 1, 12, tzinfo=UTC)]


def literals(match):
    for part in getattr(match, "or_", None) or getattr(match, "and_", None) or []:
        yield from literals(part)
    for field in ("equals", "starts_with", "ends_with", "contains"):
        if text := getattr(match, field, None):
            yield text
    if text := getattr(match, "regex", None):
        text = re.sub(r"\\d\{(\d+)\}", lambda found: "2" * int(found[1]), text).replace("\\d", "2")
        yield text.replace("[-@]", "@").replace("\\", "").strip("^$")


def names(model):
    for text in [model.id, *literals(model.match)]:
        yield text
        yield text.upper()
        # After a colon, nothing is added to the name of a model.
        for end in () if ":" in text else ("-20251211", "-2025-12-11", "@20251211", "-latest", "-preview", "-preview-tts", "x", "-1"):
            yield text + end
        if "." in text:
            yield text.replace(".", "-")


corrections = tomllib.loads(CORRECTIONS)


def corrected(seller, name):
    """Returns true if the price of a name is corrected."""
    for entry in corrections["price"]:
        for clause in entry["names"] if entry["vendor"] == seller else []:
            end = r"(@.*|-20.*)?\Z" if clause[0] == "=" else ""
            if re.match(re.escape(clause[1:]) + end, name.lower()):
                return True
    return False


def corrected_tiers(provider, model):
    """Returns the tiers of a model whose prices are corrected."""
    marks = {"f": "flex", "p": "priority", "b": "batch", "t": "fast"}
    return {
        marks.get(entry["mark"])
        for entry in corrections["variant"]
        for clause in entry["names"] if entry["vendor"] == provider.id
        if model is provider.find_model(clause[1:])
    }


@cache
def costs(provider, model, tier, when):
    provider = snapshot.providers[provider]
    model = next(known for known in provider.models if known.id == model)
    stored = model.get_prices(when).__dict__
    if stored and not any(stored.get(key) is not None for key in ("input_mtok", "output_mtok")):
        return None
    bills = [model.calc_price(Usage(**usage), provider, genai_request_timestamp=when, price_context=TIERS[tier]) for usage in USAGES]
    return " ".join(f"{bill.input_price} {bill.output_price} {bill.total_price}" for bill in bills)


if version("genai-prices") == RELEASE:
    for at, provider in enumerate(snapshot.providers):
        if provider.id not in SELLERS:
            continue
        seen = set()
        listed_names = {text for listed in provider.models for text in [listed.id, *literals(listed.match)]}
        for listed in provider.models:
            for name in names(listed):
                # Google Cloud sells Anthropic's models at Anthropic's prices; of Amazon's own models all are called Nova.
                skipped = provider.id == "google" and "claude" in name.lower() or provider.id == "aws" and "nova" not in name.lower()
                skipped |= name.lower().startswith(("cerebras", "qwen-3-coder"))
                if name in seen or skipped or corrected(provider.id, name):
                    continue
                seen.add(name)
                # Vertex AI separates the date with `@`.
                model = provider.find_model(name.lower()) or provider.find_model(name.lower().replace("@", "-"))
                if model is None and name.startswith(f"{provider.id}/") and provider.id != "perplexity":
                    model = provider.find_model(name.split("/")[1])
                other_tiers = corrected_tiers(provider, model)
                for tier in TIERS.keys() - other_tiers:
                    for when in TIMES:
                        if name not in listed_names and (tier != "standard" or when != noon):
                            continue
                        found = None if model is None else costs(at, model.id, tier, when)
                        print(name, provider.id, tier, int(when.timestamp()), found or "-", sep="\t")
