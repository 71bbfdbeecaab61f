// The connection to the program: one response with the history, then events; polling where events don't arrive.

const KEY = "agent-metrics-token";
const headers = () => {
  const token = sessionStorage.getItem(KEY);
  return token ? { authorization: `Bearer ${token}` } : {};
};

export class Unauthorized extends Error {}

export function keepToken(token) {
  sessionStorage.setItem(KEY, token);
}

export function forgetToken() {
  const had = sessionStorage.getItem(KEY) !== null;
  sessionStorage.removeItem(KEY);
  return had;
}

async function get(path, signal) {
  const response = await fetch(`data/${path}`, { headers: headers(), signal, cache: "no-store" });
  if (response.status === 401) throw new Unauthorized();
  if (!response.ok) throw new Error(`${response.status} ${(await response.text()).trim()}`);
  return response;
}

export async function history(range) {
  return (await get(`history?range=${encodeURIComponent(range)}`)).json();
}

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

// Longer than a tick and the pause of a busy machine: the stream is dead.
const SILENCE = 12000;

// Calls `onEvent` with each tick, and `onState` with "live", "polling" or "disconnected", for as long as the page is open.
export async function follow({ onEvent, onState, onUnauthorized, lastEnded }) {
  let failures = 0;
  for (;;) {
    const abort = new AbortController();
    let events = 0;
    try {
      const response = await get("events", abort.signal);
      for await (const event of eventsOf(response, abort)) {
        events += 1;
        failures = 0;
        onState("live");
        onEvent(event);
      }
    } catch (error) {
      if (error instanceof Unauthorized) return onUnauthorized();
    }
    abort.abort();
    if (events === 0) failures += 1;
    try {
      // Also tells a proxy that swallows streams from a program that is gone.
      onEvent(await (await get(`current?ended=${lastEnded()}`, AbortSignal.timeout(5000))).json());
      onState(failures > 1 ? "polling" : "live");
    } catch (error) {
      if (error instanceof Unauthorized) return onUnauthorized();
      onState("disconnected");
    }
    await sleep(failures > 1 ? 1000 : 250);
  }
}

// Reads server-sent events with `fetch`, since an EventSource can't send a token.
async function* eventsOf(response, abort) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const timer = setTimeout(() => abort.abort(), SILENCE);
    const { value, done } = await reader.read().finally(() => clearTimeout(timer));
    if (done) return;
    const parts = (text + value).split("\n\n");
    text = parts.pop();
    // A page that was asleep gets many events at once. Each of them is in the history of the page, so all are passed on.
    for (const part of parts) {
      const data = part.split("\n").find((line) => line.startsWith("data: "));
      if (data) yield JSON.parse(data.slice(6));
    }
  }
}
