# What `genai-prices` makes of many names of the models in the bundled table; run by `prices.rs`, which sets
# RELEASE, DAY, VENDORS and USAGES. Prints a line for each name: it, a tab, and what each usage costs.
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.metadata import version

from genai_prices import Usage, types
from genai_prices.data_snapshot import get_snapshot

snapshot = get_snapshot()
halves = [datetime.fromisoformat(DAY).replace(tzinfo=UTC) + timedelta(minutes=30 * half) for half in range(48)]


def literals(match):
    for part in getattr(match, "or_", None) or getattr(match, "and_", None) or []:
        yield from literals(part)
    for field in ("equals", "starts_with", "ends_with", "contains"):
        if text := getattr(match, field, None):
            yield text
    if text := getattr(match, "regex", None):
        text = re.sub(r"\\d\{(\d+)\}", lambda found: "2" * int(found[1]), text).replace("\\d", "2")
        yield text.replace("[-@]", "@").replace("\\", "").strip("^$")


def names(provider, model):
    texts = [model.id, *literals(model.match)]
    for text in texts:
        yield from (text, text.upper(), f"{provider.id}/{text}", f"models/{text}")
        for end in ("-20251211", "-2025-12-11", "@20251211", "-latest", "-preview", "-preview-tts", ":free", "-v1:0", "x", "-1"):
            yield text + end
        if "." in text:
            yield text.replace(".", "-")


def resolve(name):
    for provider_id in (None, "litellm"):
        try:
            provider, model = snapshot.find_provider_model(name, None, provider_id, None)
        except LookupError:
            continue
        # Google sells other vendors' models too; only what is in its own list is in the table.
        if any(model is known for known in provider.models):
            return provider, model
    return None


def costs(name):
    found = resolve(name)
    if found is None or found[0].id not in VENDORS:
        return "-"
    provider, model = found
    return bill(snapshot.providers.index(provider), model.id)


@cache
def bill(provider, model):
    provider = snapshot.providers[provider]
    model = next(known for known in provider.models if known.id == model)
    prices = [model.get_prices(half) for half in halves]
    most, _ = Counter(map(str, prices)).most_common(1)[0]
    half = next(half for half, price in zip(halves, prices) if str(price) == most)
    stored = model.get_prices(half).__dict__
    if stored and not any(stored.get(key) is not None for key in ("input_mtok", "output_mtok")):
        return "-"
    costs = [model.calc_price(Usage(**usage), provider, genai_request_timestamp=half) for usage in USAGES]
    return " ".join(f"{cost.input_price} {cost.output_price}" for cost in costs)


if version("genai-prices") == RELEASE:
    seen = set()
    for provider in snapshot.providers:
        if provider.id in VENDORS:
            for model in provider.models:
                for name in names(provider, model):
                    if name not in seen:
                        seen.add(name)
                        print(name, costs(name), sep="\t")
