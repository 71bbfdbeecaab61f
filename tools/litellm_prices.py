"""Writes the prices of `litellm`'s bundled table with which `tests/checks/litellm.rs` compares the bundled prices.

    pip download litellm --no-deps -d DIRECTORY
    python3 tools/litellm_prices.py DIRECTORY/litellm-VERSION-*.whl

The package is read and never imported. Of its table, the extract has the vendors' own models that are billed by tokens, with
their prices per million tokens.
"""

import json
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

OUTPUT = Path(__file__).parent.parent / "tests/checks/litellm-prices.json"
TABLE = "litellm/model_prices_and_context_window_backup.json"

PROVIDERS = {
    "anthropic", "cohere", "cohere_chat", "deepseek", "gemini", "minimax", "mistral", "moonshot", "openai", "perplexity",
    "voyage", "xai", "zai", "groq", "cerebras",
}

# The name of each price in the extract, and its field in the package.
PRICES = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
    "flex_output": "output_cost_per_token_flex",
    "priority_output": "output_cost_per_token_priority",
    "batch_output": "output_cost_per_token_batches",
}


def main() -> None:
    wheel = Path(sys.argv[1])
    with zipfile.ZipFile(wheel) as package:
        table = json.loads(package.read(TABLE), parse_float=Decimal)
    models = {}
    for name, entry in table.items():
        if entry.get("litellm_provider") not in PROVIDERS or entry.get("mode") not in ("chat", "responses", "embedding"):
            continue
        found = {key: entry[field] for key, field in PRICES.items() if entry.get(field) is not None}
        if found.get("input"):
            models[name] = {key: float(Decimal(amount) * 1_000_000) for key, amount in found.items()}
    lines = [f"  {json.dumps(name)}: {json.dumps(prices)}" for name, prices in sorted(models.items())]
    release = wheel.name.split("-")[1]
    text = f'{{"source": "litellm {release} (MIT, Berri AI)", "models": {{\n' + ",\n".join(lines) + "\n}}\n"
    OUTPUT.write_text(text)
    print(f"{len(models)} models, {len(text)} bytes", file=sys.stderr)


main()
